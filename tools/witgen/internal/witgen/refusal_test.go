package witgen_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

// Each row is one package, "p", and the whole of what is said of it.
var refusals = []struct{ name, wit, want string }{
	{"future", `package a:p;
interface i {
  record r {
    a: u32,
    /// Comes later.
    b: option<future<string>>,
  }
}`, `wit/p/p.wit:6:5: future is a type that the host library does not carry`},
	{"stream", `package a:p;
interface i {
  // tell: func();
  /* tell: func(); /* nested */ */ tell: func(lines: stream<string>);
}`, `wit/p/p.wit:4:47: stream is a type that the host library does not carry`},
	{"error-context", `package a:p;
interface i {
  variant v {
    fine,
    broken(error-context),
  }
}`, `wit/p/p.wit:5:5: error-context is a type that the host library does not carry`},
	{"map", `package a:p;
interface i {
  type m = map<string, u8>;
}`, `wit/p/p.wit:3:8: map is a type that the host library does not carry`},
	{"list of a fixed length", `package a:p;
interface i {
  f: func(a: u8, b: list<u8, 4>);
}`, `wit/p/p.wit:3:18: fixed-length list is a type that the host library does not carry`},
	{"async", `package a:p;
interface i {
  now: func();
  later: async func();
  much-later: async func();
}`, `wit/p/p.wit:4:3: later is async, which witgen does not generate: the host binds synchronous functions only`},
	{"async method", `package a:p;
interface i {
  resource file {
    read: async func();
  }
}`, `wit/p/p.wit:4:5: read is async, which witgen does not generate: the host binds synchronous functions only`},
	{"async function of a world", `package a:p;
world w {
  import now: func();
  export later: async func();
}`, `wit/p/p.wit:4:10: later is async, which witgen does not generate: the host binds synchronous functions only`},
	{"an interface by another name", `package a:p;
interface i { f: func(); }
world w {
  import other: i;
}`, `wit/p/p.wit:3:7: other gives a name of its own to an interface, which the engine does not know: import or export the interface itself`},
	{"resources of two worlds", `package a:p;
interface files { resource file; }
interface reader { use files.{file}; read: func(f: file); }
world one { import files; export files; }
world two {
  export reader;
}`, `wit/p/p.wit:3:11: world two exports reader, which uses resources of files as it is imported; ` +
		`another world exports that too, so that they would be two: export files here as well`},
	{"too many flags", `package a:p;
interface i {
  flags f {
` + numbered("    flag%d,\n", 65) + `  }
}`, `wit/p/p.wit:3:9: f has 65 flags; witgen generates at most 64`},
	{"one Go name for two types", `package a:p;
interface i {
  enum stage { only }
  enum stage-only { kept-apart }
  record order-type { a: u32 }
  record i-order-type { a: u32 }
  record order { a: u32 }
}`, `wit/p/p.wit:7:10: order needs the Go name OrderType, which another declaration has: rename one of them`},
	{"one Go name for two fields", `package a:p;
interface i {
  record r {
    source-id: u32,
    source-i-d: u32,
  }
}`, `wit/p/p.wit:5:5: source-i-d needs the Go name SourceID, which another declaration has: rename one of them`},
	{"one Go name for two functions", `package a:p;
interface i {
  f-id: func();
  f-i-d: func();
}`, `wit/p/p.wit:4:3: f-i-d needs the Go name FID, which another declaration has: rename one of them`},
	{"one Go name for two methods", `package a:p;
interface i {
  resource file {
    f-id: func();
    f-i-d: func();
  }
}`, `wit/p/p.wit:5:5: file-f-i-d needs the Go name FID, which another declaration has: rename one of them`},
	{"one proto name for two types", `package a:p;
interface types { record i-r { a: u32 } }
interface i { record r { a: u32 } }`, `wit/p/p.wit:3:22: r needs the proto name IR, which another declaration has: rename one of them`},
	{"one proto name for two cases", `package a:p;
interface i {
  enum a { b-c }
  enum a-b {
    c,
  }
}`, `wit/p/p.wit:5:5: a-b needs the proto name I_A_B_C, which another declaration has: rename one of them`},
	{"a name that nobody has", `package a:p;
interface i { record r { a: u33 } }`, "wit/p/p.wit:2:29: type `u33` does not exist"},
	{"cut off", `package a:p;
interface i { record r {`, `wit/p/p.wit:2:25: expected an identifier or string, found eof`},
	{"no package", `interface i { f: func(); }`, "wit/p/p.wit:1:1: no `package` header was found in any WIT file for this package"},
	{"a package that is not there", `package a:p;
interface i {
  use b:q/types.{thing};
}`, "wit/p/p.wit:3:7: package 'b:q' not found. known packages:\n    a:p"},
	{"not text", "package a:p;\ninterface i {} // \xff", `wit/p/p.wit:2:19: the file is not UTF-8`},
}

// numbered repeats a line with the numbers from 1.
func numbered(line string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i+1)
	}
	return b.String()
}

func TestRefusals(t *testing.T) {
	for _, row := range refusals {
		t.Run(row.name, func(t *testing.T) {
			_, err := generate(t, project(t, row.wit))
			if err == nil || err.Error() != row.want {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
			var refusal *model.Error
			if !errors.As(err, &refusal) {
				t.Errorf("%T is not a *model.Error", err)
			}
		})
	}
}

// A folder's packages, and those in their deps, see each other; one that is
// reached twice is read once, and a copy that differs is refused.
func TestPackagesOfOneFolder(t *testing.T) {
	config := project(t, "package a:p;\ninterface i {\n  use b:q/types.{thing};\n  f: func(a: thing);\n}")
	const q = "package b:q;\ninterface types { record thing { a: u32 } }"
	write(t, witgen.File{Path: filepath.Join(config.WIT, "q", "q.wit"), Content: []byte(q)})
	deps := filepath.Join(config.WIT, "p", "deps")
	if err := os.MkdirAll(deps, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../q", filepath.Join(deps, "q")); err != nil {
		t.Fatal(err)
	}
	files, err := generate(t, config)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(files); n != 7 {
		t.Errorf("got %d files, want 7: of each package its docs and its interface, and of b:q messages, their numbers and conversions", n)
	}
	write(t, witgen.File{Path: filepath.Join(deps, "copy", "q.wit"), Content: []byte(q)})
	const want = "p/deps/copy/q.wit:1:9: package `b:q` is defined in two different locations"
	if _, err := generate(t, config); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Two packages that would be mirrored in one file are refused, and several versions
// of one are not.
func TestPackagesThatMeetInProto(t *testing.T) {
	config := project(t, "package a:p@1.0.0;\ninterface i { record r { a: u32 } }")
	other := func(pkg string) {
		write(t, witgen.File{Path: filepath.Join(config.WIT, "q", "q.wit"), Content: []byte(pkg + "\ninterface i { record r { a: u32 } }")})
	}
	other("package a:p@2.0.0;")
	files, err := generate(t, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a/p_v1_0_0/v1/wit.proto", "a/p_v2_0_0/v1/wit.lock"} {
		want = filepath.Join(config.Proto, filepath.FromSlash(want))
		if !slices.ContainsFunc(files, func(f witgen.File) bool { return f.Path == want }) {
			t.Errorf("there is no %s", want)
		}
	}
	other("package a:P;")
	const want = "wit/p/p.wit:1:1: package a:p@1.0.0 would be mirrored in a/p/v1, as another one: rename it"
	if _, err := generate(t, config); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// project makes a folder of WIT packages with one package, inside a Go module.
func project(t *testing.T, wit string) witgen.Config {
	t.Helper()
	dir := t.TempDir()
	write(t, witgen.File{Path: filepath.Join(dir, "wit", "p", "p.wit"), Content: []byte(wit)})
	write(t, witgen.File{Path: filepath.Join(dir, "go.mod"), Content: []byte("module example.org/m\n")})
	if err := os.Mkdir(filepath.Join(dir, "wit", "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	return witgen.Config{
		WIT:     filepath.Join(dir, "wit"),
		Go:      filepath.Join(dir, "go"),
		Proto:   filepath.Join(dir, "proto"),
		ProtoGo: "example.org/m/pb",
	}
}
