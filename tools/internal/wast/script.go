package wast

import (
	"cmp"
	"strings"
)

// Kind is what a directive does: its keyword, also where that is none of those
// below, but for a definition and an instance, which are written as a component.
type Kind string

// The kinds that Parse takes apart.
const (
	Component        Kind = "component"
	Definition       Kind = "component definition"
	Instance         Kind = "component instance"
	Module           Kind = "module"
	Register         Kind = "register"
	Invoke           Kind = "invoke"
	AssertReturn     Kind = "assert_return"
	AssertTrap       Kind = "assert_trap"
	AssertInvalid    Kind = "assert_invalid"
	AssertMalformed  Kind = "assert_malformed"
	AssertUnlinkable Kind = "assert_unlinkable"
	AssertExhaustion Kind = "assert_exhaustion"
	AssertException  Kind = "assert_exception"
	AssertSuspension Kind = "assert_suspension"
	// Wordless is a node that begins with no keyword.
	Wordless Kind = "no directive"
)

// Directive is one step of a script.
type Directive struct {
	Kind Kind
	Line int
	// Text is the directive as it is written.
	Text string
	// Name is "$id", or "".
	Name string
	// Of is the name of the definition that an Instance is made of, "" for the
	// last; of the instance that a Register gives a name.
	Of string
	// As is the name that a Register gives.
	As string
	// Source is a component's or module's text, ready for an assembler: of a
	// Component, a Definition or a Module, and of an assertion about one.
	Source string
	// Call is what an Invoke, or an assertion about one, calls.
	Call *Call
	// Results are an AssertReturn's.
	Results []*Node
	// Message is what an assertion expects of an error's text.
	Message string
}

// Call is an invocation.
type Call struct {
	Instance string // "$id", or "" for the last instance
	Function string
	Args     []*Node
}

// Parse reads a script. It fails with a *SyntaxError.
func Parse(src string) ([]*Directive, error) {
	s := &scanner{src: src, line: 1}
	if len(src) > MaxFileBytes {
		return nil, s.fail("more than %d bytes", MaxFileBytes)
	}
	var out []*Directive
	for {
		if err := s.space(); err != nil {
			return nil, err
		}
		if s.pos == len(src) {
			return out, nil
		}
		n, err := s.node(0)
		if err != nil {
			return nil, err
		}
		d := &Directive{Kind: cmp.Or(Kind(n.Head()), Wordless), Line: n.Line, Text: src[n.Start:n.End]}
		d.read(src, n)
		out = append(out, d)
	}
}

func (d *Directive) read(src string, n *Node) {
	rest := n.Rest()
	switch d.Kind {
	case Component, Module:
		d.unit(src, n)
	case Register:
		d.As = first(rest)
		if len(rest) > 1 {
			d.Of = rest[1].Atom
		}
	case Invoke:
		d.Call = call(n)
	case AssertReturn, AssertTrap, AssertInvalid, AssertMalformed, AssertUnlinkable,
		AssertExhaustion, AssertException, AssertSuspension:
		d.assertion(src, rest)
	}
}

func (d *Directive) assertion(src string, rest []*Node) {
	if len(rest) == 0 {
		return
	}
	switch rest[0].Head() {
	case "invoke":
		d.Call = call(rest[0])
	case "component", "module":
		about := &Directive{Kind: Kind(rest[0].Head())}
		about.unit(src, rest[0])
		d.Source, d.Name = about.Source, about.Name
	}
	if d.Kind == AssertReturn {
		d.Results = rest[1:]
	} else {
		d.Message = first(rest[1:])
	}
}

// unit reads a component or module.
func (d *Directive) unit(src string, n *Node) {
	keyword, words := n.Head(), n.Rest()
	atom := func(i int) string {
		if i < len(words) && words[i].Kind == Atom {
			return words[i].Atom
		}
		return ""
	}
	switch atom(0) {
	case "definition":
		d.Kind = Definition
		words = words[1:]
	case "instance":
		d.Kind, d.Name, d.Of = Instance, atom(1), atom(2)
		return
	}
	body := 0
	if strings.HasPrefix(atom(0), "$") {
		d.Name, body = atom(0), 1
	}
	if atom(body) == "quote" {
		d.Source = "(" + keyword + " " + joined(words[body+1:]) + ")"
		return
	}
	d.Source = "(" + keyword + src[n.List[len(n.List)-len(words)-1].End:n.End]
}

func call(n *Node) *Call {
	rest := n.Rest()
	c := &Call{}
	if len(rest) > 0 && rest[0].Kind == Atom {
		c.Instance, rest = rest[0].Atom, rest[1:]
	}
	c.Function = first(rest)
	if len(rest) > 1 {
		c.Args = rest[1:]
	}
	return c
}

// first returns the text of the first node, when it is a string.
func first(ns []*Node) string {
	if len(ns) == 0 {
		return ""
	}
	return ns[0].Text
}

func joined(ns []*Node) string {
	var b strings.Builder
	for _, n := range ns {
		b.WriteString(n.Text)
		b.WriteByte('\n')
	}
	return b.String()
}
