package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/conformance"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// Contracts of every shape, in names that Go and generated code have uses of their
// own for: what is generated compiles. A case may be left out for two names that
// meet in Go, but few are.
func TestArbitraryContractsCompile(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles some forty packages")
	}
	const contracts = 16
	dir := t.TempDir()
	for seed := range uint64(contracts) {
		g := &contract{Rand: rand.New(rand.NewPCG(seed, 1))}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("seed%02d.wit", seed)), []byte(g.text()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := parser.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	results, err := conformance.Codegen(t.Context(), p, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range conformance.Failed(results) {
		if r.LeftOut && strings.Contains(r.Reason, "needs the Go name") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, r.Name))
		t.Errorf("%s: %s\n%s%v", r.Name, r.Reason, text, err)
	}
	if n := conformance.Passed(results); n < contracts*3/4 {
		t.Errorf("%d of %d pass", n, contracts)
	}
}

// contract writes a package of WIT.
type contract struct {
	*rand.Rand
	b strings.Builder
	// types and resources are those of the interface at hand.
	types, resources []string
	taken            map[string]bool
}

// names are in the way of something: keywords, predeclared names, packages that
// generated code imports, its variables and its methods.
var names = strings.Fields(`error string context any nil len make append new true type func map range record
	v n i e enc dec ctx err failure result component wit errors strconv h impl caller handle value failed
	proto lower drop lift f0 ok is-x has a-b id ids url http-url init main p q r s t u string-proto error-type get`)

func (c *contract) text() string {
	c.b.WriteString("package %type:%error;\n")
	worlds := []string{"%w1", "%context"}
	var interfaces []string
	for range 1 + c.IntN(3) {
		c.types, c.resources, c.taken = nil, nil, map[string]bool{}
		name := fmt.Sprintf("%%%s-%d", names[c.IntN(len(names))], len(interfaces))
		if !c.plainName(name) {
			name = fmt.Sprintf("%%i-x%d", len(interfaces))
		}
		interfaces = append(interfaces, name)
		fmt.Fprintf(&c.b, "interface %s {\n", name)
		for range 2 + c.IntN(6) {
			c.declare()
		}
		for range c.IntN(5) {
			fmt.Fprintf(&c.b, "  %s: %s;\n", c.name(), c.function())
		}
		c.b.WriteString("}\n")
	}
	for _, world := range worlds {
		fmt.Fprintf(&c.b, "world %s {\n", world)
		for _, name := range interfaces {
			if c.IntN(2) == 0 {
				fmt.Fprintf(&c.b, "  import %s;\n", name)
			}
		}
		for _, name := range interfaces {
			fmt.Fprintf(&c.b, "  export %s;\n", name)
		}
		c.types, c.resources, c.taken = nil, nil, map[string]bool{}
		fmt.Fprintf(&c.b, "  import %s: %s;\n  export %s: %s;\n}\n", c.name(), c.function(), c.name(), c.function())
	}
	return c.b.String()
}

// plainName reports whether each word of a name begins with a letter, which those
// with a number behind a hyphen do not.
func (c *contract) plainName(name string) bool {
	for word := range strings.SplitSeq(strings.TrimPrefix(name, "%"), "-") {
		if word[0] < 'a' {
			return false
		}
	}
	return true
}

// name gives one that the interface does not have.
func (c *contract) name() string {
	for {
		name := names[c.IntN(len(names))]
		if c.IntN(4) == 0 {
			name += "-" + names[c.IntN(len(names))]
		}
		if !c.taken[name] {
			c.taken[name] = true
			return "%" + name
		}
	}
}

// members gives distinct names of fields or cases.
func (c *contract) members() []string {
	taken := c.taken
	c.taken = map[string]bool{}
	defer func() { c.taken = taken }()
	var out []string
	for range 1 + c.IntN(5) {
		out = append(out, c.name())
	}
	return out
}

func (c *contract) declare() {
	name := c.name()
	var lines []string
	kind := []string{"record", "variant", "enum", "flags", "type", "resource"}[c.IntN(6)]
	switch kind {
	case "type":
		fmt.Fprintf(&c.b, "  type %s = %s;\n", name, c.typ(2))
	case "resource":
		for _, m := range c.members() {
			lines = append(lines, m+": "+[]string{"", "static "}[c.IntN(2)]+c.function()+";")
		}
		if c.IntN(2) == 0 {
			lines = append(lines, "constructor("+c.params()+");")
		}
		fmt.Fprintf(&c.b, "  resource %s { %s }\n", name, strings.Join(lines, " "))
		c.resources = append(c.resources, name)
	default:
		for _, m := range c.members() {
			switch {
			case kind == "record":
				m += ": " + c.typ(2)
			case kind == "variant" && c.IntN(3) > 0:
				m += "(" + c.typ(2) + ")"
			}
			lines = append(lines, m)
		}
		fmt.Fprintf(&c.b, "  %s %s { %s }\n", kind, name, strings.Join(lines, ", "))
	}
	c.types = append(c.types, name)
}

func (c *contract) function() string {
	s := "func(" + c.params() + ")"
	switch c.IntN(4) {
	case 0:
		return s
	case 1:
		return s + " -> result<" + c.typ(1) + ", " + c.typ(1) + ">"
	default:
		return s + " -> " + c.typ(2)
	}
}

func (c *contract) params() string {
	var params []string
	for _, name := range c.members()[1:] {
		t := c.typ(2)
		if len(c.resources) > 0 && c.IntN(3) == 0 {
			t = "borrow<" + c.resources[c.IntN(len(c.resources))] + ">"
		}
		params = append(params, name+": "+t)
	}
	return strings.Join(params, ", ")
}

// typ gives a type that may stand anywhere.
func (c *contract) typ(depth int) string {
	primitives := strings.Fields("bool u8 s8 u16 s16 u32 s32 u64 s64 f32 f64 char string")
	if len(c.types) > 0 && c.IntN(3) == 0 {
		return c.types[c.IntN(len(c.types))]
	}
	if depth == 0 || c.IntN(2) == 0 {
		return primitives[c.IntN(len(primitives))]
	}
	switch inner := func() string { return c.typ(depth - 1) }; c.IntN(5) {
	case 0:
		return "list<" + inner() + ">"
	case 1:
		return "option<" + inner() + ">"
	case 2:
		return "result<" + inner() + ", " + inner() + ">"
	case 3:
		return "result<_, " + inner() + ">"
	default:
		elems := make([]string, 1+c.IntN(10))
		for i := range elems {
			elems[i] = inner()
		}
		return "tuple<" + strings.Join(elems, ", ") + ">"
	}
}
