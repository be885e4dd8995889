package wast

import (
	"fmt"
	"strconv"
	"strings"
)

// What a file may hold at most.
const (
	// MaxFileBytes bounds a file.
	MaxFileBytes = 8 << 20
	maxDepth     = 200
)

// SyntaxError says where a file is not a script.
type SyntaxError struct {
	Line   int
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Node is an S-expression: a list, a string or an atom.
type Node struct {
	Line       int
	Start, End int // bytes of the file
	List       []*Node
	Atom       string // "" for a list and for a string
	Text       string // a string's value
	Kind       NodeKind
}

// NodeKind is the shape of a Node.
type NodeKind uint8

// The shapes.
const (
	List NodeKind = iota
	Atom
	String
)

// Head returns the keyword that a list begins with, or "".
func (n *Node) Head() string {
	if n.Kind == List && len(n.List) > 0 && n.List[0].Kind == Atom {
		return n.List[0].Atom
	}
	return ""
}

// Rest returns what follows a list's keyword.
func (n *Node) Rest() []*Node {
	if n.Kind != List || len(n.List) == 0 {
		return nil
	}
	return n.List[1:]
}

type scanner struct {
	src       string
	pos, line int
}

func (s *scanner) fail(format string, args ...any) error {
	return &SyntaxError{s.line, fmt.Sprintf(format, args...)}
}

// space skips blanks and comments, which may be nested.
func (s *scanner) space() error {
	for s.pos < len(s.src) {
		rest := s.src[s.pos:]
		switch {
		case strings.HasPrefix(rest, ";;"):
			s.pos += len(rest)
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				s.pos -= len(rest) - i
			}
		case strings.HasPrefix(rest, "(;"):
			if err := s.comment(); err != nil {
				return err
			}
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			if rest[0] == '\n' {
				s.line++
			}
			s.pos++
		default:
			return nil
		}
	}
	return nil
}

func (s *scanner) comment() error {
	depth := 0
	for s.pos < len(s.src) {
		switch rest := s.src[s.pos:]; {
		case strings.HasPrefix(rest, "(;"):
			depth++
			s.pos += 2
		case strings.HasPrefix(rest, ";)"):
			depth--
			s.pos += 2
			if depth == 0 {
				return nil
			}
		default:
			if rest[0] == '\n' {
				s.line++
			}
			s.pos++
		}
	}
	return s.fail("a comment without an end")
}

// node reads one S-expression.
func (s *scanner) node(depth int) (*Node, error) {
	n := &Node{Line: s.line, Start: s.pos}
	var err error
	switch s.src[s.pos] {
	case '(':
		err = s.list(n, depth)
	case ')':
		err = s.fail("a parenthesis too many")
	case '"':
		n.Kind = String
		n.Text, err = s.text()
	default:
		n.Kind = Atom
		end := s.pos
		for end < len(s.src) && strings.IndexByte(" \t\r\n()\";", s.src[end]) < 0 {
			end++
		}
		if end == s.pos {
			return nil, s.fail("an unexpected %q", s.src[s.pos])
		}
		n.Atom, s.pos = s.src[s.pos:end], end
	}
	n.End = s.pos
	return n, err
}

func (s *scanner) list(n *Node, depth int) error {
	if depth > maxDepth {
		return s.fail("more than %d lists in each other", maxDepth)
	}
	for s.pos++; ; {
		if err := s.space(); err != nil {
			return err
		}
		if s.pos == len(s.src) {
			return s.fail("the list of line %d has no end", n.Line)
		}
		if s.src[s.pos] == ')' {
			s.pos++
			return nil
		}
		child, err := s.node(depth + 1)
		if err != nil {
			return err
		}
		n.List = append(n.List, child)
	}
}

// text reads a string: Wasm's escapes are \t \n \r \" \' \\ \hh and \u{h}.
func (s *scanner) text() (string, error) {
	var b strings.Builder
	for s.pos++; s.pos < len(s.src); {
		switch c := s.src[s.pos]; c {
		case '"':
			s.pos++
			return b.String(), nil
		case '\\':
			if err := s.escape(&b); err != nil {
				return "", err
			}
		default:
			if c == '\n' {
				s.line++
			}
			b.WriteByte(c)
			s.pos++
		}
	}
	return "", s.fail("a string without an end")
}

func (s *scanner) escape(b *strings.Builder) error {
	rest := s.src[s.pos+1:]
	if rest == "" {
		return s.fail("a string without an end")
	}
	if i := strings.IndexByte("tnr\"'\\", rest[0]); i >= 0 {
		b.WriteByte("\t\n\r\"'\\"[i])
		s.pos += 2
		return nil
	}
	if strings.HasPrefix(rest, "u{") {
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return s.fail("an escape without an end")
		}
		r, err := strconv.ParseUint(strings.ReplaceAll(rest[2:end], "_", ""), 16, 21)
		if err != nil {
			return s.fail("%q is no character", rest[:end+1])
		}
		b.WriteRune(rune(r))
		s.pos += end + 2
		return nil
	}
	if len(rest) < 2 {
		return s.fail("a string without an end")
	}
	c, err := strconv.ParseUint(rest[:2], 16, 8)
	if err != nil {
		return s.fail("%q is no escape", rest[:2])
	}
	b.WriteByte(byte(c))
	s.pos += 3
	return nil
}
