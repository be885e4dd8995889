package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/source"
)

// In each text, a mark such as "«i/r/a»" stands before the name whose path it
// holds.
var texts = []struct{ name, text string }{
	{"interface", `package a:b@1.0.0;

/// Docs with record x { y: u8 } and "quotes".
interface «i»i {
  use types.{a, b as c};
  use a:b/types@1.0.0.{d};
  /// A record.
  @since(version = 1.0.0)
  record «i/r»r {
    «i/r/first»first: list<tuple<u8, u8>>,
    /* a comment, /* nested, */ with: text, */
    // another: one,
    «i/r/second-field»second-field: map<string, u8>, «i/r/type»%type: u8
  }
  record «i/one»one{«i/one/a»a:u8,«i/one/b»b:u8,}
  enum «i/e»e { «i/e/x»x, «i/e/y»y }
  flags «i/f»f { «i/f/p»p, @deprecated(version = 1.0.0) «i/f/q»q, }
  variant «i/v»v {
    «i/v/none»none,
    «i/v/some»some(result<u8, string>), «i/v/last»last(u8),
  }
  type «i/t»t = list<tuple<string, u32>>;
  resource «i/opaque»opaque;
  resource «i/res»res {
    constructor(a: u8);
    «i/res/get»get: func(«i/res/get/x»x: u8) -> string;
    make: static func() -> res;
  }
  «i/go»go: func(«i/go/a»a: tuple<u8, u8>, «i/go/b»b: option<string>,
    «i/go/c»c: u8) -> result<_, string>;
  «i/none»none: func();
  «i/later»later: async func(«i/later/x»x: u8);
}

world «w»w {
  include other;
  import a:b/i@1.0.0;
  export «w/i»i;
  import «w/run»run: func(«w/run/y»y: u8);
  import «w/inner»inner: interface { «w/inner/f»f: func(«w/inner/f/z»z: u8); }
  record «w/rec»rec { «w/rec/a»a: u8 }
}
`},
	{"cut off in a record", "interface «i»i { record «i/r»r { «i/r/a»a: list<"},
	{"cut off in a comment", "interface «i»i { /* record r {"},
	{"not WIT", "}}}>>> ))( %%% -> @@ : ; , interface i"},
	{"carriage returns", "interface «i»i {\r\n  \t«i/f»f: func();\r\n}\r\n"},
}

func TestFind(t *testing.T) {
	for _, row := range texts {
		t.Run(row.name, func(t *testing.T) {
			text, want := unmark(row.text)
			ix := read(t, text)
			for path, place := range want {
				got := ix.Find(strings.Split(path, "/")...)
				if got.File != "wit/a/a.wit" || got.Line != place[0] || got.Column != place[1] {
					t.Errorf("%s: got %s, want line %d, column %d", path, got, place[0], place[1])
				}
			}
		})
	}
}

func TestFindWhatIsNotThere(t *testing.T) {
	ix := read(t, "interface i {\n record r { a: u8 }\n}")
	for _, row := range []struct {
		path []string
		want string
	}{
		{[]string{"i", "r", "b"}, "wit/a/a.wit:2:9"},
		{[]string{"i", "s", "b"}, "wit/a/a.wit:1:11"},
		{[]string{"j"}, "wit/a/a.wit:1:1"},
		{nil, "wit/a/a.wit:1:1"},
	} {
		if got := ix.Find(row.path...).String(); got != row.want {
			t.Errorf("%v: got %s, want %s", row.path, got, row.want)
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"b.wit": "interface two {}", "a.wit": "interface one {}", "c.txt": "interface three {}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ix, err := source.ReadDir(dir, "wit/p")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(ix.Files, " "); got != "wit/p/a.wit wit/p/b.wit" {
		t.Errorf("files: %s", got)
	}
	if got := ix.Find("two").String(); got != "wit/p/b.wit:1:11" {
		t.Errorf("two is at %s", got)
	}
}

func TestAsync(t *testing.T) {
	ix := read(t, "interface i {\n a: func();\n b: async func();\n}\nworld w { export c: async func(); }")
	var got []string
	for _, d := range ix.Async {
		got = append(got, d.Name+" "+d.Position.String())
	}
	if s := strings.Join(got, ", "); s != "b wit/a/a.wit:3:2, c wit/a/a.wit:5:18" {
		t.Errorf("got %s", s)
	}
}

func FuzzReadDir(f *testing.F) {
	for _, row := range texts {
		text, _ := unmark(row.text)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ix := read(t, text)
		pos := ix.Find("i", "r", "a")
		if lines := strings.Count(text, "\n") + 1; pos.Line < 1 || pos.Line > lines || pos.Column < 1 || pos.Column > len(text)+1 {
			t.Errorf("%s is not in a text of %d lines and %d bytes", pos, lines, len(text))
		}
	})
}

func read(t *testing.T, text string) *source.Index {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.wit"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ix, err := source.ReadDir(dir, "wit/a")
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// unmark takes the marks out of a text, and gives the line and column of each.
func unmark(text string) (string, map[string][2]int) {
	places := map[string][2]int{}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "«")
		out.WriteString(before)
		if !found {
			return out.String(), places
		}
		path, after, _ := strings.Cut(rest, "»")
		so := out.String()
		places[path] = [2]int{strings.Count(so, "\n") + 1, len(so) - strings.LastIndex(so, "\n")}
		text = after
	}
}
