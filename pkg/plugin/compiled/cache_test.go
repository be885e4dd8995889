package compiled_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin/compiled"
)

var answer = &component.Export{Name: "answer", Signature: component.Signature{Result: component.U32}}

// guest answers a number.
func guest(t testing.TB, n string) []byte {
	t.Helper()
	wasm, err := wasmtime.Wat2Wasm(`(component
	  (core module $m (func (export "answer") (result i32) (i32.const ` + n + `)))
	  (core instance $i (instantiate $m))
	  (func (export "answer") (result u32) (canon lift (core func $i "answer"))))`)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func engine(t testing.TB) *component.Engine {
	t.Helper()
	return engineOf(t, component.Config{MaxInstances: 8})
}

func engineOf(t testing.TB, config component.Config) *component.Engine {
	t.Helper()
	e, err := component.NewEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

type world struct {
	engine *component.Engine
	dir    string
	log    bytes.Buffer
}

func newWorld(t testing.TB) *world {
	return &world{engine: engine(t), dir: filepath.Join(t.TempDir(), "compiled")}
}

// open opens the folder, as a host that starts does.
func (w *world) open(t testing.TB, maxBytes int64) *compiled.Cache {
	t.Helper()
	c, err := compiled.New(t.Context(), compiled.Options{
		Engine: w.engine, Dir: w.dir, MaxBytes: maxBytes, Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask compiles a guest through a cache, runs it, and returns its answer.
func (w *world) ask(t testing.TB, c *compiled.Cache, wasm []byte) (n uint32) {
	t.Helper()
	compiled, err := c.Compile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close()
	program, err := w.engine.Link(compiled, component.LinkOptions{Host: component.NewHost(), Exports: []*component.Export{answer}})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if err := program.Call(t.Context(), answer, nil, func(d *component.Decoder) { n = d.U32() }); err != nil {
		t.Fatal(err)
	}
	return n
}

// files lists the folder's compiled components.
func (w *world) files(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "*.code"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTheSecondTimeItIsLoaded(t *testing.T) {
	w := newWorld(t)
	wasm := guest(t, "42")
	for _, want := range []compiled.Stats{{Misses: 1}, {Hits: 1}, {Hits: 1}} {
		c := w.open(t, 0)
		if n := w.ask(t, c, wasm); n != 42 {
			t.Errorf("got %d", n)
		}
		if got := c.Stats(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	for path, mode := range map[string]os.FileMode{w.dir: 0o700, filepath.Join(w.dir, "key"): 0o600, w.files(t)[0]: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: got %v, %v", path, info.Mode(), err)
		}
	}
}

// The two ways of compiling have files of their own.
func TestPlainComponentsAreKeptApart(t *testing.T) {
	w := newWorld(t)
	wasm := guest(t, "42")
	c := w.open(t, 0)
	for _, compile := range []func(context.Context, []byte) (*component.Component, error){c.Compile, c.CompilePlain, c.Compile, c.CompilePlain} {
		got, err := compile(t.Context(), wasm)
		if err != nil {
			t.Fatal(err)
		}
		got.Close()
	}
	if got := c.Stats(); got != (compiled.Stats{Misses: 2, Hits: 2}) || len(w.files(t)) != 2 {
		t.Errorf("got %+v, %q", got, w.files(t))
	}
	files := w.files(t)
	fast, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[1], fast, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := c.CompilePlain(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	got.Close()
	if c.Stats().Refused != 1 {
		t.Errorf("one way's file was taken for the other's: %+v", c.Stats())
	}
}

// Whatever is done to a file, it is not loaded: the guest is compiled anew, and
// the next time loaded again.
func TestAnAlteredFileIsNeverLoaded(t *testing.T) {
	w := newWorld(t)
	wasm := guest(t, "42")
	w.ask(t, w.open(t, 0), wasm)
	path := w.files(t)[0]
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := guest(t, "13")
	w.ask(t, w.open(t, 0), other)
	var others []byte
	for _, f := range w.files(t) {
		if f != path {
			if others, err = os.ReadFile(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	altered := map[string][]byte{
		"empty":                      {},
		"the header alone":           sound[:114],
		"cut by one":                 sound[:len(sound)-1],
		"one more":                   append(bytes.Clone(sound), 0),
		"an older format":            bytes.Replace(sound, []byte("compiled 1"), []byte("compiled 0"), 1),
		"another component's":        others,
		"another's code, our header": append(bytes.Clone(sound[:114]), others[114:]...),
		"no header":                  sound[114:],
		"of another host":            compiled.Seal(make([]byte, 32), wasm, nil, sound[114:]),
	}
	for i := 0; i < len(sound); i += 1 + len(sound)/40 {
		b := bytes.Clone(sound)
		b[i] ^= 0x10
		altered["a bit at "+strings.Repeat("i", i)] = b
	}
	for name, data := range altered {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c := w.open(t, 0)
		if n := w.ask(t, c, wasm); n != 42 {
			t.Errorf("%.40s: got %d", name, n)
		}
		if got := c.Stats(); got != (compiled.Stats{Refused: 1}) {
			t.Errorf("%.40s: got %+v", name, got)
		}
		if n := w.ask(t, c, wasm); n != 42 || c.Stats().Hits != 1 {
			t.Errorf("%.40s: it was not kept again: %+v", name, c.Stats())
		}
	}
	if !strings.Contains(w.log.String(), "refused") {
		t.Error("nothing was logged")
	}
}

// A key that others could read, or that is damaged, is not used any more.
func TestAnExposedKeyIsReplaced(t *testing.T) {
	w := newWorld(t)
	wasm, path := guest(t, "42"), filepath.Join(w.dir, "key")
	w.ask(t, w.open(t, 0), wasm)
	for name, expose := range map[string]func() error{
		"readable": func() error { return os.Chmod(path, 0o640) },
		"short":    func() error { return os.WriteFile(path, []byte("short"), 0o600) },
		"gone":     func() error { return os.Remove(path) },
	} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := expose(); err != nil {
			t.Fatal(err)
		}
		c := w.open(t, 0)
		w.ask(t, c, wasm)
		after, err := os.ReadFile(path)
		if err != nil || bytes.Equal(before, after) || c.Stats().Refused != 1 {
			t.Errorf("%s: %v, %+v", name, err, c.Stats())
		}
	}
}

// What an engine of another configuration wrote, and what was left half written, is
// removed; neither engine takes what is the other's.
func TestOtherEnginesFilesAreRemoved(t *testing.T) {
	w := newWorld(t)
	other := &world{engine: engineOf(t, component.Config{MaxInstances: 8, Fuel: true}), dir: w.dir}
	wasm := guest(t, "42")
	other.ask(t, other.open(t, 0), wasm)
	theirs := w.files(t)
	if err := os.WriteFile(filepath.Join(w.dir, "new-1.tmp"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := w.open(t, 0)
	if all, err := os.ReadDir(w.dir); err != nil || len(all) != 1 || all[0].Name() != "key" {
		t.Errorf("opened: got %v, %v", all, err)
	}
	if n := w.ask(t, c, wasm); n != 42 || c.Stats() != (compiled.Stats{Misses: 1}) {
		t.Errorf("got %d, %+v", n, c.Stats())
	}
	if mine := w.files(t); len(theirs) != 1 || len(mine) != 1 || mine[0] == theirs[0] {
		t.Errorf("the engines' files are %v and %v", theirs, mine)
	}
	again := w.open(t, 0)
	if n := w.ask(t, again, wasm); n != 42 || again.Stats() != (compiled.Stats{Hits: 1}) {
		t.Errorf("an engine's own file: got %d, %+v", n, again.Stats())
	}
}

func TestTheFolderIsBounded(t *testing.T) {
	w := newWorld(t)
	w.ask(t, w.open(t, 0), guest(t, "0"))
	info, err := os.Stat(w.files(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	c := w.open(t, 3*info.Size()+info.Size()/2)
	for i, n := range []string{"1", "2", "3", "4"} {
		w.ask(t, c, guest(t, n))
		for _, f := range w.files(t) { // older by the round, whatever the clock's steps
			s, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(f, s.ModTime(), s.ModTime().Add(-time.Hour*time.Duration(i+1))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := len(w.files(t)); got != 3 {
		t.Errorf("%d files", got)
	}
	c = w.open(t, 0)
	if w.ask(t, c, guest(t, "4")); c.Stats().Hits != 1 {
		t.Errorf("the newest was removed: %+v", c.Stats())
	}
	if w.ask(t, c, guest(t, "0")); c.Stats().Misses != 1 {
		t.Errorf("the oldest was kept: %+v", c.Stats())
	}
	small := w.open(t, 100)
	if n := w.ask(t, small, guest(t, "5")); n != 5 || small.Stats().Unkept != 1 || len(w.files(t)) != 0 {
		t.Errorf("got %d, %+v, %d files", n, small.Stats(), len(w.files(t)))
	}
}

// A folder that cannot be written to costs time, and nothing else.
func TestAFullDiskIsNoFailure(t *testing.T) {
	w := newWorld(t)
	c := w.open(t, 0)
	if err := os.RemoveAll(w.dir); err != nil {
		t.Fatal(err)
	}
	if n := w.ask(t, c, guest(t, "42")); n != 42 || c.Stats() != (compiled.Stats{Misses: 1, Unkept: 1}) {
		t.Errorf("got %d, %+v", n, c.Stats())
	}
}

func TestCompileFailsAsTheEngineDoes(t *testing.T) {
	w := newWorld(t)
	c := w.open(t, 0)
	var refusal *component.CompileError
	if _, err := c.Compile(t.Context(), []byte("no component")); !errors.As(err, &refusal) {
		t.Errorf("got %v", err)
	}
	wasm := guest(t, "42")
	w.ask(t, c, wasm)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Compile(ctx, wasm); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := w.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compile(t.Context(), wasm); !errors.Is(err, component.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if got := c.Stats(); got.Refused != 0 {
		t.Errorf("got %+v", got)
	}
	if _, err := compiled.New(t.Context(), compiled.Options{Engine: w.engine, Dir: w.dir}); !errors.Is(err, component.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	c := w.open(t, 0)
	wasm := guest(t, "42")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := c.Compile(t.Context(), wasm)
			if err != nil {
				t.Error(err)
				return
			}
			got.Close()
		})
	}
	all.Wait()
	if s := c.Stats(); s.Hits+s.Misses != 8 || s.Refused != 0 || len(w.files(t)) != 1 {
		t.Errorf("got %+v", s)
	}
}

// No bytes but those that were written are taken for code.
func FuzzUnseal(f *testing.F) {
	key, wasm, print, code := bytes.Repeat([]byte{7}, 32), []byte("component"), []byte("engine"), []byte("machine code")
	sound := compiled.Seal(key, wasm, print, code)
	f.Add(sound)
	f.Add(sound[:len(sound)-1])
	f.Add([]byte("hygia compiled 1\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := compiled.Unseal(key, wasm, print, file)
		if (err == nil) != bytes.Equal(file, sound) || err == nil && !bytes.Equal(got, code) {
			t.Errorf("%q: got %q, %v", file, got, err)
		}
	})
}
