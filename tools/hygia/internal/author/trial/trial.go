// Package trial runs a built plugin in the real host, with nothing of the suite
// around it: pkg/component and pkg/plugin, under the plugin's own manifest.
package trial

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/witjson"
)

// Trial is a compiled plugin that can be called. It is for one goroutine.
type Trial struct {
	// Compile is how long compiling took.
	Compile time.Duration
	// Bytes is the component's size.
	Bytes int

	project  *project.Project
	manifest []byte
	wasm     []byte
	clock    func() time.Time
	engine   *component.Engine
	compiled *component.Component
	exports  []*component.Export
	loaded   []*plugin.Plugin
	sessions []*plugin.Session
	lines    []Line
}

// Line is what the plugin logged.
type Line struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// output takes what the plugin writes to its standard output and error.
type output struct{ trial *Trial }

func (o output) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		o.trial.lines = append(o.trial.lines, Line{"output", strings.TrimRight(line, "\r\n")})
	}
	return len(text), nil
}

// Open compiles a project's component. Close the trial when done with it.
func Open(ctx context.Context, p *project.Project, clock func() time.Time) (*Trial, error) {
	manifest, wasm, err := p.Read()
	if err != nil {
		return nil, err
	}
	engine, err := component.NewEngine(component.Config{MaxInstances: 64})
	if err != nil {
		return nil, err
	}
	t := &Trial{project: p, manifest: manifest, wasm: wasm, Bytes: len(wasm), clock: clock, engine: engine}
	start := clock()
	if t.compiled, err = engine.Compile(ctx, wasm); err != nil {
		t.Close()
		return nil, err
	}
	t.Compile = clock().Sub(start)
	for _, item := range t.compiled.Exports() {
		if slices.Contains(p.Manifest.Exports, item.Interface) {
			t.exports = append(t.exports, &component.Export{Interface: item.Interface, Name: item.Name, Signature: item.Signature})
		}
	}
	return t, nil
}

// Close frees what the trial holds.
func (t *Trial) Close() {
	for _, s := range t.sessions {
		s.Close()
	}
	for _, p := range t.loaded {
		p.Close()
	}
	if t.compiled != nil {
		t.compiled.Close()
	}
	_ = t.engine.Close()
}

// compiler gives plugin.Load what is compiled already; in the plain way, the engine
// compiles it anew.
type compiler struct {
	*component.Engine
	compiled *component.Component
}

func (c compiler) Compile(context.Context, []byte) (*component.Component, error) {
	return c.compiled, nil
}

// load loads the plugin with a configuration, under its own limits or, where
// memory is above 0, with that much memory. It stays loaded until Close: its
// component is the trial's.
func (t *Trial) load(ctx context.Context, config map[string]string, memory int64) (component.Caller, error) {
	manifest := t.manifest
	if memory > 0 {
		var err error
		if manifest, err = withMemory(manifest, memory); err != nil {
			return nil, err
		}
	}
	p, err := plugin.Load(ctx, plugin.Options{
		Engine: t.engine, Compiler: compiler{t.engine, t.compiled}, Exports: t.exports,
		Files: files{"manifest.json": manifest, t.project.Manifest.Name + ".wasm": t.wasm},
		Host: plugin.Host{
			Clock: t.clock, Config: config,
			Transcript: func(level, text string) { t.lines = append(t.lines, Line{level, text}) },
		},
		Output: output{t},
	})
	if err != nil {
		return nil, err
	}
	t.loaded = append(t.loaded, p)
	granted := p.Manifest().Grants.Folders
	if len(granted) == 0 {
		return p, nil
	}
	folders := map[string]string{}
	for _, g := range granted {
		folders[g.Name] = t.project.Path("fixtures", g.Name)
	}
	session, err := p.WithFolders(folders)
	if errors.Is(err, component.ErrFolder) {
		return nil, fmt.Errorf("%w: make the folder fixtures/%s", err, granted[0].Name)
	}
	if err != nil {
		return nil, err
	}
	t.sessions = append(t.sessions, session)
	return session, nil
}

// Result is what came of a fixture.
type Result struct {
	Name string `json:"name"`
	Call string `json:"call"`
	Pass bool   `json:"pass"`
	// Problem is why there is no result: a refusal, a trap, a limit, a fixture that
	// does not fit the function.
	Problem string `json:"problem,omitempty"`
	// Differences are where the result is not what was wanted, and Got is all of it.
	Differences []string `json:"differences,omitempty"`
	Got         any      `json:"got,omitempty"`
	// Lines are what the plugin logged.
	Lines []Line `json:"lines,omitempty"`
	// Microseconds is how long the call took, in a fresh instance.
	Microseconds int64 `json:"microseconds"`
	// MemoryBytes is the least limit of memory under which the call gives the same;
	// 0 where that was not asked.
	MemoryBytes int64 `json:"memory_bytes,omitempty"`
}

// Run runs one fixture.
func (t *Trial) Run(ctx context.Context, f fixture.Fixture) Result {
	r := Result{Name: f.Name, Call: f.Call}
	problem := func(err error) Result {
		r.Problem = err.Error() + hint(err)
		return r
	}
	fn, err := f.Find(t.exports)
	if err != nil {
		return problem(err)
	}
	if err := f.Check(fn); err != nil {
		return problem(err)
	}
	caller, err := t.load(ctx, f.Config, 0)
	if err != nil {
		return problem(err)
	}
	t.lines = nil
	start := t.clock()
	got, err := call(ctx, caller, fn, f)
	r.Microseconds = t.clock().Sub(start).Microseconds()
	r.Lines = t.lines
	if err != nil {
		return problem(err)
	}
	for _, d := range witjson.Diff(f.Want, got) {
		r.Differences = append(r.Differences, d.String())
	}
	if r.Pass = len(r.Differences) == 0; !r.Pass {
		r.Got = got
	}
	return r
}

// hint says what an author may do about what ended a call.
func hint(err error) string {
	var limit *component.LimitError
	var trap *component.TrapError
	switch {
	case errors.Is(err, component.ErrMemory):
		return ": it starts with more memory than limits.memory_bytes of manifest.json allows"
	case errors.As(err, &limit):
		return ": see limits in manifest.json"
	case errors.Is(err, component.ErrDeadline):
		return ": see limits.deadline_ms in manifest.json"
	case errors.As(err, &trap):
		return ": the plugin failed; an allocation beyond limits.memory_bytes of manifest.json ends so too"
	}
	return ""
}

// call calls a function with a fixture's arguments.
func call(ctx context.Context, caller component.Caller, fn *component.Export, f fixture.Fixture) (got any, err error) {
	err = caller.Call(ctx, fn, func(enc *component.Encoder) {
		for _, p := range fn.Signature.Params {
			witjson.Encode(enc, p.Type, f.Args[p.Name], "args."+p.Name)
		}
	}, func(dec *component.Decoder) {
		if fn.Signature.Result != nil {
			got = witjson.Decode(dec, fn.Signature.Result)
		}
	})
	return got, err
}

const page = 64 << 10

// Memory finds the least limit of memory, in pages of 64 KiB, under which a
// fixture that passes still does. A language that collects garbage may need less
// than it would take.
func (t *Trial) Memory(ctx context.Context, f fixture.Fixture) (int64, error) {
	fn, err := f.Find(t.exports)
	if err != nil {
		return 0, err
	}
	passes := func(pages int64) (bool, error) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		caller, err := t.load(ctx, f.Config, pages*page)
		if err != nil {
			return false, err
		}
		got, err := call(ctx, caller, fn, f)
		return err == nil && len(witjson.Diff(f.Want, got)) == 0, nil
	}
	limit := t.project.Manifest.Limits.MemoryBytes
	if limit == 0 {
		limit = 64 << 20 // component.Limits' default
	}
	low, high := int64(0), limit/page // high passes, low does not
	for high-low > 1 {
		middle := (low + high) / 2
		ok, err := passes(middle)
		if err != nil {
			return 0, err
		}
		if ok {
			high = middle
		} else {
			low = middle
		}
	}
	return high * page, nil
}

// Fixtures is the folder of a project's fixtures.
func Fixtures(p *project.Project) string { return filepath.Join(p.Dir, "fixtures") }
