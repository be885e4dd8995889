package component_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

func onPath(name string) *component.Export {
	return &component.Export{Name: name, Signature: component.Signature{
		Params: []component.Field{{Name: "path", Type: component.String}}, Result: component.S32}}
}

var (
	folders     = &component.Export{Name: "folders", Signature: component.Signature{Result: component.U32}}
	environment = &component.Export{Name: "environment", Signature: component.Signature{Result: component.U32}}
	hear        = &component.Export{Name: "hear", Signature: component.Signature{Result: component.S32}}
	exit        = &component.Export{Name: "exit"}
	readFile    = onPath("read")
	writeFile   = onPath("write")
	unlinkFile  = onPath("unlink")
	say         = &component.Export{Name: "say", Signature: component.Signature{
		Params: []component.Field{{Name: "text", Type: component.String}}}}
	sleep = &component.Export{Name: "sleep", Signature: component.Signature{
		Params: []component.Field{{Name: "ns", Type: component.U64}}}}
)

// Error codes of wasi:filesystem, as testdata/wasi.wat returns them, and of
// wasi:sockets, as testdata/sockets.wat does.
const (
	noEntry      = -1 - 20
	notPermitted = -1 - 31

	accessDenied             = -1 - 1
	permanentResolverFailure = -1 - 20
)

// compilePlain compiles a component of testdata that wasmtime's own WASI can be linked to.
func compilePlain(t *testing.T, file string) (*component.Engine, *component.Component) {
	t.Helper()
	return compilePlainIn(t, component.Config{}, file)
}

func compilePlainIn(t *testing.T, cfg component.Config, file string) (*component.Engine, *component.Component) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, cfg)
	c, err := e.CompilePlain(context.Background(), wasm(t, string(text)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return e, c
}

func linkWASI(t *testing.T, w *component.WASI, l component.Limits) *component.Program {
	t.Helper()
	return linkWASIIn(t, component.Config{}, w, l)
}

func linkWASIIn(t *testing.T, cfg component.Config, w *component.WASI, l component.Limits) *component.Program {
	t.Helper()
	e, c := compilePlainIn(t, cfg, "wasi.wat")
	p, err := e.Link(c, component.LinkOptions{
		WASI: w, Limits: l,
		Exports: []*component.Export{folders, environment, hear, exit, readFile, writeFile, unlinkFile, say, sleep},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func tryPath(t *testing.T, p *component.Program, fn *component.Export, path string) (n int32) {
	t.Helper()
	err := p.Call(context.Background(), fn, func(e *component.Encoder) { e.String(path) },
		func(d *component.Decoder) { n = d.S32() })
	if err != nil {
		t.Fatalf("%s %s: %v", fn.Name, path, err)
	}
	return n
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestInvariant7WASIGivesItsFoldersOnly(t *testing.T) {
	root := t.TempDir()
	inside := filepath.Join(root, "inside")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(inside, "mine"), "12345")
	put(t, filepath.Join(root, "secret"), "not yours")
	for name, target := range map[string]string{
		"up": "../secret", "absolute": filepath.Join(root, "secret"), "good": "mine", "folder": "..",
	} {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	p := linkWASI(t, &component.WASI{Folders: []component.Folder{{Host: inside, Guest: "/", ReadOnly: true}}}, component.Limits{})
	if n := number(t, p, folders); n != 1 {
		t.Errorf("%d folders", n)
	}
	for path, want := range map[string]int32{"mine": 5, "./mine": 5, "good": 5, "missing": noEntry} {
		if n := tryPath(t, p, readFile, path); n != want {
			t.Errorf("reading %s: %d, want %d", path, n, want)
		}
	}
	for _, path := range []string{
		"../secret", "up", "absolute", "folder/secret", filepath.Join(root, "secret"), "/etc/passwd",
		"../../../../../../../etc/passwd", "./../secret", "/proc/self/environ",
	} {
		if n := tryPath(t, p, readFile, path); n >= 0 {
			t.Errorf("read %d bytes of %s", n, path)
		}
	}
}

func TestInvariant7WASIReadOnlyFolders(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "old"), "12345")
	read := linkWASI(t, &component.WASI{Folders: []component.Folder{{Host: dir, Guest: "/", ReadOnly: true}}}, component.Limits{})
	for _, fn := range []*component.Export{writeFile, unlinkFile} {
		for _, path := range []string{"old", "new"} {
			if n := tryPath(t, read, fn, path); n != notPermitted {
				t.Errorf("%s %s in a read-only folder: %d", fn.Name, path, n)
			}
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "old")); err != nil || string(b) != "12345" {
		t.Errorf("the file is now %q, %v", b, err)
	}
	write := linkWASI(t, &component.WASI{Folders: []component.Folder{{Host: dir, Guest: "/"}}}, component.Limits{})
	if n := tryPath(t, write, writeFile, "new"); n != 3 {
		t.Errorf("writing in a folder to write: %d", n)
	}
	if n := tryPath(t, write, unlinkFile, "old"); n != 0 {
		t.Errorf("removing in a folder to write: %d", n)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "new" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestInvariant7WASIGivesNothingElse(t *testing.T) {
	t.Setenv("HYGIA_SECRET", "in the host's environment")
	p := linkWASI(t, &component.WASI{}, component.Limits{})
	if n := number(t, p, environment); n != 0 {
		t.Errorf("%d variables, arguments and working folders", n)
	}
	if n := number(t, p, folders); n != 0 {
		t.Errorf("%d folders", n)
	}
	var heard int32
	err := p.Call(context.Background(), hear, nil, func(d *component.Decoder) { heard = d.S32() })
	if err != nil || heard > 0 {
		t.Errorf("heard %d bytes of standard input, %v", heard, err)
	}
}

func TestInvariant7WASIMustBeGranted(t *testing.T) {
	e := newEngine(t, component.Config{})
	text, err := os.ReadFile("testdata/wasi.wat")
	if err != nil {
		t.Fatal(err)
	}
	var missing *component.ImportError
	if _, err := e.Link(compile(t, e, string(text)), component.LinkOptions{}); !errors.As(err, &missing) {
		t.Errorf("without a grant: %v", err)
	}
	_, err = e.Link(compile(t, e, string(text)), component.LinkOptions{WASI: &component.WASI{}})
	if !errors.As(err, &missing) || !strings.Contains(missing.Reason, "CompilePlain") {
		t.Errorf("with the lane: %v", err)
	}
	for _, iface := range []string{
		"wasi:sockets/network@0.3.0", "wasi:sockets/tls@0.2.0",
		"wasi:http/outgoing-handler@0.2.0", "wasi:cli/environment@0.3.0", "wasi:cli/environment@1.0.0", "wasi:other/thing@0.2.0",
	} {
		c := compile(t, e, `(component (import "`+iface+`" (instance (export "f" (func)))))`)
		_, err := e.Link(c, component.LinkOptions{WASI: &component.WASI{}})
		if !errors.As(err, &missing) || missing.Interface != iface {
			t.Errorf("%s: %v", iface, err)
		}
	}
}

// Invariant 7: with folders come the sockets of standard libraries, which the guest
// cannot make, and names, which it cannot look up.
func TestInvariant7WASIGivesNoNetwork(t *testing.T) {
	e, c := compilePlain(t, "sockets.wat")
	export := func(name string) *component.Export {
		return &component.Export{Name: name, Signature: component.Signature{Result: component.S32}}
	}
	tries := map[*component.Export]int32{
		export("tcp"): accessDenied, export("udp"): accessDenied, export("localhost"): permanentResolverFailure,
	}
	p, err := e.Link(c, component.LinkOptions{WASI: &component.WASI{}, Exports: slices.Collect(maps.Keys(tries))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	for fn, want := range tries {
		var got int32
		if err := p.Call(context.Background(), fn, nil, func(d *component.Decoder) { got = d.S32() }); err != nil || got != want {
			t.Errorf("%s: %d, want %d; %v", fn.Name, got, want, err)
		}
	}
}

func TestWASIFoldersMustExist(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), "")
	e := newEngine(t, component.Config{})
	c := compile(t, e, nopComponent)
	for _, f := range []component.Folder{
		{Host: filepath.Join(dir, "missing"), Guest: "/"}, {Host: filepath.Join(dir, "file"), Guest: "/"},
		{Host: dir}, {Host: dir, Guest: "/\x00"}, {Guest: "/"},
	} {
		_, err := e.Link(c, component.LinkOptions{WASI: &component.WASI{Folders: []component.Folder{f}}})
		if !errors.Is(err, component.ErrFolder) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	gone := filepath.Join(dir, "gone")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	p := linkWASI(t, &component.WASI{Folders: []component.Folder{{Host: gone, Guest: "/"}}}, component.Limits{})
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := p.Call(context.Background(), folders, nil, nil); !errors.Is(err, component.ErrFolder) {
		t.Errorf("a folder that went away: %v", err)
	}
}

// lockedBuffer is a writer that says when it has n bytes.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
	n    int
	full chan struct{}
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Write(p)
	if b.n -= len(p); b.n == 0 {
		close(b.full)
	}
	return len(p), nil
}

func TestWASIOutputIsBounded(t *testing.T) {
	out := &lockedBuffer{n: 8, full: make(chan struct{})}
	var breaches atomic.Int32
	cfg := component.Config{Observe: func(_ string, err error) {
		if !errors.Is(err, component.ErrLog) {
			t.Errorf("told of %v", err)
		}
		breaches.Add(1)
	}}
	p := linkWASIIn(t, cfg, &component.WASI{Output: out, OutputBytes: 8}, component.Limits{})
	for range 3 {
		err := p.Call(context.Background(), say, func(e *component.Encoder) { e.String("saúde") }, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-out.full:
	case <-time.After(10 * time.Second):
		t.Fatal("the output never came")
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if out.text.String() != "saúdesa" {
		t.Errorf("%q", out.text.String())
	}
	if n := breaches.Load(); n != 1 {
		t.Errorf("told %d times that the rest is discarded", n)
	}
}

func TestWASIExit(t *testing.T) {
	p := linkWASI(t, &component.WASI{}, component.Limits{})
	var exited *component.ExitError
	if err := p.Call(context.Background(), exit, nil, nil); !errors.As(err, &exited) || exited.Status != 1 {
		t.Fatalf("%v", err)
	}
}

// No timer holds a call, which would wait in wasmtime, out of reach of epochs.
func TestInvariant5WASISleepEndsAtTheDeadline(t *testing.T) {
	const limit = 50 * time.Millisecond
	p := linkWASI(t, &component.WASI{}, component.Limits{Deadline: limit})
	for range 3 {
		start := time.Now()
		err := p.Call(context.Background(), sleep, func(e *component.Encoder) { e.U64(uint64(time.Hour)) }, nil)
		if took := time.Since(start); !errors.Is(err, component.ErrDeadline) || took < limit || took > late {
			t.Fatalf("%v after %v", err, took)
		}
	}
}

// A guest that waits while it is started is found as one that does not: whether it does
// is another matter each time here.
func TestWASIWaitsWhileStarting(t *testing.T) {
	x := &component.Export{Name: "take", Signature: sig(nil, "v", component.String)}
	text := `(component
	  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type $pollable (sub resource)))))
	  (alias export $poll "pollable" (type $pollable))
	  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
	    (alias outer 1 $pollable (type $p'))
	    (export "pollable" (type $p (eq $p')))
	    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
	  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
	  (core func $wait (canon lower (func $clock "subscribe-duration")))
	  (core func $random' (canon lower (func $random "get-random-u64")))
	  (core module $s
	    (import "" "wait" (func $wait (param i64) (result i32)))
	    (import "" "random" (func $random (result i64)))
	    (func $start (if (i32.wrap_i64 (i64.and (call $random) (i64.const 1))) (then (drop (call $wait (i64.const 1))))))
	    (start $start))
	  (core instance (instantiate $s (with "" (instance (export "wait" (func $wait)) (export "random" (func $random'))))))
	  (core module $m (memory (export "memory") 1)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
	    (func (export "take") (param i32 i32)))
	  (core instance $i (instantiate $m))
	  (func (export "take") (param "v" string) (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))`
	p := exposed(t, newEngine(t, component.Config{}), text, component.LinkOptions{Exports: []*component.Export{x},
		WASI: &component.WASI{Folders: []component.Folder{{Host: t.TempDir(), Guest: "/"}}}})
	for range 40 {
		if err := p.Call(t.Context(), x, func(e *component.Encoder) { e.String("abc") }, nil); err != nil {
			t.Fatal(err)
		}
	}
}
