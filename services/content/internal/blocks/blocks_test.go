package blocks_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/services/content/internal/blocks"
)

// show writes a tree in one line: name attributes [html|html](inner).
func show(list []blocks.Block) string {
	var parts []string
	for i := range list {
		b := &list[i]
		s := fmt.Sprintf("%s%s%q", b.Name, b.Attributes, b.HTML)
		if len(b.Blocks) > 0 {
			s += "(" + show(b.Blocks) + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"nothing":                   {"", ""},
		"only HTML":                 {"<p>a</p>", `["<p>a</p>"]`},
		"a block":                   {"<!-- wp:paragraph --><p>a</p><!-- /wp:paragraph -->", `core/paragraph["<p>a</p>"]`},
		"a namespace":               {"<!-- wp:my/box -->a<!-- /wp:my/box -->", `my/box["a"]`},
		"attributes":                {`<!-- wp:a {"n":{"m":1}} -->x<!-- /wp:a -->`, `core/a{"n":{"m":1}}["x"]`},
		"a void block":              {`a<!-- wp:spacer {"h":2} /-->b`, `["a"] core/spacer{"h":2}[""] ["b"]`},
		"nested":                    {"<!-- wp:a -->1<!-- wp:b -->2<!-- /wp:b -->3<!-- wp:c /-->4<!-- /wp:a -->", `core/a["1" "3" "4"](core/b["2"] core/c[""])`},
		"many spaces":               {"<!--\n\twp:a\f\v{}\r\n-->x<!--  /wp:a  -->", `core/a{}["x"]`},
		"HTML between":              {"a<!-- wp:b -->c<!-- /wp:b -->\n\n<!-- wp:d /-->", `["a"] core/b["c"] ["\n\n"] core/d[""]`},
		"other comment":             {"<!-- more --><!--wp:a --><!-- wp: --><!-- wp:A --><!-- wp:1 --><!-- wp:a/ --><!-- wp:a-->", `["<!-- more --><!--wp:a --><!-- wp: --><!-- wp:A --><!-- wp:1 --><!-- wp:a/ --><!-- wp:a-->"]`},
		"bad JSON":                  {`<!-- wp:a {"n" } -->x<!-- /wp:a -->`, `core/a["x"]`},
		"comment in attributes":     {`<!-- wp:a {"h":"<!-- wp:b -->"} /-->`, `core/a{"h":"<!-- wp:b -->"}[""]`},
		"attributes without an end": {`<!-- wp:a {"n":1 --><!-- wp:b /-->`, "[\"<!-- wp:a {\\\"n\\\":1 -->\"] core/b[\"\"]"},
		"never closed":              {"<!-- wp:a -->1<!-- wp:b -->2", `core/a["1" ""](core/b["2"])`},
		"never opened":              {"1<!-- /wp:a -->2<!-- wp:b /-->", `["1<!-- /wp:a -->2<!-- wp:b /-->"]`},
		"closed under another name": {"<!-- wp:a -->1<!-- /wp:b -->2", `core/a["1"] ["2"]`},
		"void wins over closer":     {"<!-- /wp:a /-->", `core/a[""]`},
		"cut off in a token":        {"<!-- wp:a -->1<!-- /wp:", `core/a["1<!-- /wp:"]`},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := blocks.Parse(c.body)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(list); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := blocks.Serialize(list); got != c.body {
				t.Errorf("written back as %q, want %q", got, c.body)
			}
		})
	}
}

func TestParseIsBounded(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("<!-- wp:a -->", n) + strings.Repeat("<!-- /wp:a -->", n) }
	many := func(n int) string { return strings.Repeat("<!-- wp:a /-->", n) }
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"deepest":       {deep(blocks.MaxDepth), nil},
		"too deep":      {deep(blocks.MaxDepth + 1), blocks.ErrTooDeep},
		"too deep, cut": {strings.Repeat("<!-- wp:a -->", blocks.MaxDepth+1), blocks.ErrTooDeep},
		"most":          {many(blocks.MaxBlocks), nil},
		"too many":      {many(blocks.MaxBlocks + 1), blocks.ErrTooMany},
	} {
		if _, err := blocks.Parse(c.body); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestParseIsLinear reads the largest bodies that an entry can have. In linear
// time that takes some milliseconds; a step that searches the rest of the body
// again for each comment takes ten seconds and more.
func TestParseIsLinear(t *testing.T) {
	for _, unit := range []string{
		`<!-- wp:a {"n":1 -->`,    // openers without an end
		`<!-- wp:a {`,             // attributes that never end
		`<!-- wp:a {"n":"} --x`,   // braces that nearly end them
		`<!-- wp:a {"n":"}   /-x`, // and more nearly
		`}`, `}   `, `<!--`, `<!--    `, `<!-- /wp:a -->`,
	} {
		body := strings.Repeat(unit, 1<<20/len(unit))
		start := time.Now()
		list, err := blocks.Parse(body)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("1 MiB of %q took %v", unit, took)
		}
		if err != nil || blocks.Serialize(list) != body {
			t.Errorf("1 MiB of %q: %v, or not written back", unit, err)
		}
	}
}

// pieces make bodies of what matters to the grammar.
var pieces = []string{
	"<!--", "-->", " ", "\n", "/", "wp:", "wp:a", "wp:my/b", "{", "}", `{"n":1}`, `"`, "<p>texto</p>", "é", "\x00",
	"<!-- wp:a -->", "<!-- /wp:a -->", "<!-- wp:a /-->", `<!-- wp:b {"x":"}"} -->`, "<!-- /wp:b -->",
}

func TestAnyBodyIsWrittenBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(t, "body"), "")
		roundTrip(t, body)
	})
}

func FuzzParse(f *testing.F) {
	for _, p := range pieces {
		f.Add(p)
	}
	f.Add(`<!-- wp:a {"n":{}} -->1<!-- wp:b /-->2<!-- /wp:a -->3`)
	f.Fuzz(func(t *testing.T, body string) { roundTrip(t, body) })
}

func roundTrip(t interface{ Fatalf(string, ...any) }, body string) {
	list, err := blocks.Parse(body)
	if err != nil {
		if !errors.Is(err, blocks.ErrTooDeep) && !errors.Is(err, blocks.ErrTooMany) {
			t.Fatalf("%v", err)
		}
		return
	}
	if got := blocks.Serialize(list); got != body {
		t.Fatalf("%q is written back as %q", body, got)
	}
	check(t, list)
}

// check proves the shape that Block promises.
func check(t interface{ Fatalf(string, ...any) }, list []blocks.Block) {
	for i := range list {
		b := &list[i]
		if len(b.HTML) != len(b.Blocks)+1 {
			t.Fatalf("%d pieces of HTML around %d blocks", len(b.HTML), len(b.Blocks))
		}
		if b.Name == "" && (len(b.Blocks) > 0 || b.OwnHTML() == "") {
			t.Fatalf("HTML outside of blocks is empty, or holds blocks")
		}
		check(t, b.Blocks)
	}
}
