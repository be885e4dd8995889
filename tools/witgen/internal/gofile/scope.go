package gofile

import (
	"go/token"
	"strconv"
)

// Scope keeps names apart. Scopes nest: a name is taken where an outer scope
// has it.
type Scope struct {
	outer *Scope
	names map[string]bool
}

// NewScope makes a scope in which the given names are taken.
func NewScope(outer *Scope, names ...string) *Scope {
	s := &Scope{outer: outer, names: map[string]bool{}}
	for _, name := range names {
		s.names[name] = true
	}
	return s
}

// Taken reports whether a name is taken, here or outside, or is a keyword.
func (s *Scope) Taken(name string) bool {
	if token.IsKeyword(name) {
		return true
	}
	for ; s != nil; s = s.outer {
		if s.names[name] {
			return true
		}
	}
	return false
}

// Declare takes a name, and reports whether it was free.
func (s *Scope) Declare(name string) bool {
	if s.Taken(name) {
		return false
	}
	s.names[name] = true
	return true
}

// Unique takes a name like the given one: itself where it is free, or with the
// first number that makes it so. It suits variables, whose names are nobody's
// contract.
func (s *Scope) Unique(name string) string {
	if s.Declare(name) {
		return name
	}
	for n := 2; ; n++ {
		if numbered := name + strconv.Itoa(n); s.Declare(numbered) {
			return numbered
		}
	}
}
