// Package trial runs a built plugin in the real host, with nothing of the suite
// around it: pkg/component and pkg/plugin, under the plugin's own manifest.
package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/internal/witvalue"
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
	// callers are what was loaded under the manifest's own limits, by configuration.
	callers map[string]component.Caller

	mu    sync.Mutex // a guest's output may come after its call
	lines []Line
	// begun is a line of output that has not ended.
	begun string
}

// Line is what the plugin logged.
type Line struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// output takes what the plugin writes to its standard output and error.
type output struct{ trial *Trial }

func (o output) Write(text []byte) (int, error) {
	t := o.trial
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.Lines(string(text)) {
		t.begun += line
		if strings.HasSuffix(line, "\n") {
			t.endLine()
		}
	}
	return len(text), nil
}

// endLine makes what was begun a line; its caller holds the lock.
func (t *Trial) endLine() {
	t.lines = append(t.lines, Line{"output", strings.TrimRight(t.begun, "\r\n")})
	t.begun = ""
}

func (t *Trial) wrote(level, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, Line{level, text})
}

// taken gives the lines since the last time.
func (t *Trial) taken() []Line {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun != "" {
		t.endLine()
	}
	lines := t.lines
	t.lines = nil
	return lines
}

// Open compiles a project's component. Close the trial when done with it.
func Open(ctx context.Context, p *project.Project, clock func() time.Time) (*Trial, error) {
	manifest, wasm, err := p.Read()
	if err != nil {
		return nil, err
	}
	config := plugin.EngineConfig()
	config.MaxInstances, config.Fuel = 64, p.Manifest.Limits.Fuel > 0
	engine, err := component.NewEngine(config)
	if err != nil {
		return nil, err
	}
	t := &Trial{project: p, manifest: manifest, wasm: wasm, Bytes: len(wasm), clock: clock, engine: engine, callers: map[string]component.Caller{}}
	start := clock()
	compile := engine.Compile
	if len(p.Manifest.Grants.Folders) > 0 {
		compile = engine.CompilePlain
	}
	if t.compiled, err = compile(ctx, wasm); err != nil {
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

// compiler gives plugin.Load what is compiled already.
type compiler struct{ compiled *component.Component }

// Compile implements plugin.Compiler.
func (c compiler) Compile(context.Context, []byte) (*component.Component, error) {
	return c.compiled, nil
}

// CompilePlain implements plugin.Compiler: a plugin with folders was compiled so.
func (c compiler) CompilePlain(context.Context, []byte) (*component.Component, error) {
	return c.compiled, nil
}

// under loads the plugin with a configuration, under its own limits, once for
// each.
func (t *Trial) under(ctx context.Context, config map[string]string) (component.Caller, error) {
	key := fmt.Sprint(config) // which sorts
	if caller, ok := t.callers[key]; ok {
		return caller, nil
	}
	caller, err := t.load(ctx, config, t.manifest)
	if err == nil {
		t.callers[key] = caller
	}
	return caller, err
}

// load loads the plugin under a manifest. It stays loaded until Close: its
// component is the trial's.
func (t *Trial) load(ctx context.Context, config map[string]string, manifest []byte) (component.Caller, error) {
	o, err := t.options(config, manifest, compiler{t.compiled})
	if err != nil {
		return nil, err
	}
	p, err := plugin.Load(ctx, o)
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

// options say how the plugin is loaded.
func (t *Trial) options(config map[string]string, manifest []byte, from plugin.Compiler) (plugin.Options, error) {
	pkg, err := artifact.New(manifest, t.wasm)
	if err != nil {
		return plugin.Options{}, err
	}
	return plugin.Options{
		Engine: t.engine, Compiler: from, Exports: t.exports, Files: pkg.Files(),
		Host:   plugin.Host{Clock: t.clock, Config: config, Transcript: t.wrote, Outbound: fixture.Sender{}},
		Output: output{t},
	}, nil
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
	// MemoryBytes is how much memory the call takes: the least limit under which it gives
	// the same, or what the instance had with its headroom. It is 0 where that was not
	// asked.
	MemoryBytes int64 `json:"memory_bytes,omitempty"`

	used component.Usage
}

// Run runs one fixture.
func (t *Trial) Run(ctx context.Context, f fixture.Fixture) Result {
	r := Result{Name: f.Name, Call: f.Call}
	problem := func(err error) Result {
		r.Problem = err.Error() + hint(err)
		return r
	}
	call, err := t.prepare(f)
	if err != nil {
		return problem(err)
	}
	caller, err := t.under(ctx, f.Config)
	if err != nil {
		return problem(err)
	}
	t.taken()
	start := t.clock()
	got, err := call.json(component.WithUsage(ctx, &r.used), caller)
	r.Microseconds = t.clock().Sub(start).Microseconds()
	r.Lines = t.taken()
	if err != nil {
		return problem(err)
	}
	for _, d := range witvalue.DiffJSON(f.Want, got) {
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
	case errors.Is(err, component.ErrMemory) && errors.As(err, &trap):
		return ": it asked for more memory than limits.memory_bytes of manifest.json allows" + trace(trap.Trace)
	case errors.Is(err, component.ErrMemory):
		return ": it needs more memory than limits.memory_bytes of manifest.json allows"
	case errors.As(err, &limit):
		return ": see limits in manifest.json"
	case errors.Is(err, component.ErrDeadline):
		return ": see limits.deadline_ms in manifest.json"
	case errors.As(err, &trap):
		return ": the plugin failed; an allocation beyond limits.memory_bytes of manifest.json ends so too where a plugin is composed, or starts" + trace(trap.Trace)
	}
	return ""
}

// trace shows the innermost of the functions in which a plugin failed, of those
// that have names.
func trace(functions []string) string {
	const most = 12
	functions = slices.DeleteFunc(slices.Clone(functions), func(name string) bool { return strings.Contains(name, "<wasm function ") })
	if len(functions) == 0 {
		return ""
	}
	return "\nin " + strings.Join(functions[:min(most, len(functions))], "\n   ")
}

// prepared is a fixture's call, ready to be made.
type prepared struct {
	fn      *component.Export
	args    []any
	fixture fixture.Fixture
}

func (t *Trial) prepare(f fixture.Fixture) (prepared, error) {
	if f.Broken != nil {
		return prepared{}, f.Broken
	}
	fn, err := f.Find(t.exports)
	if err != nil {
		return prepared{}, err
	}
	if err := t.configured(f); err != nil {
		return prepared{}, err
	}
	args, err := f.Values(fn)
	return prepared{fn, args, f}, err
}

// configured refuses a fixture whose configuration the plugin would never see.
func (t *Trial) configured(f fixture.Fixture) error {
	grants := t.project.Manifest.Grants
	for _, key := range slices.Sorted(maps.Keys(f.Config)) {
		if !slices.Contains(grants.Config, key) && (grants.WASI == nil || !slices.Contains(grants.WASI.Environment, key)) {
			return fmt.Errorf("config.%s: the manifest does not name it: add %q to grants.config", key, key)
		}
	}
	return nil
}

// by makes the call. A plugin's hooks hand no resources around.
func (p prepared) by(ctx context.Context, caller component.Caller) (got any, err error) {
	var none witvalue.Resources
	err = caller.Call(p.fixture.WithAnswers(ctx), p.fn, func(enc *component.Encoder) {
		for i, param := range p.fn.Signature.Params {
			none.Encode(enc, param.Type, p.args[i])
		}
	}, func(dec *component.Decoder) {
		if p.fn.Signature.Result != nil {
			got = none.Decode(dec, p.fn.Signature.Result)
		}
	})
	return got, err
}

// json makes the call and gives its result as a fixture has it.
func (p prepared) json(ctx context.Context, caller component.Caller) (any, error) {
	got, err := p.by(ctx, caller)
	if err != nil || p.fn.Signature.Result == nil {
		return nil, err
	}
	return witvalue.ToJSON(p.fn.Signature.Result, got)
}

const page = 64 << 10

// Memory finds how much memory, in pages of 64 KiB, a fixture that passes takes: the
// least limit under which it still does, or what the instance had with its headroom, if
// that is more. A language that collects garbage may need less than it would take.
func (t *Trial) Memory(ctx context.Context, f fixture.Fixture) (int64, error) {
	low, high := int64(0), t.project.Memory()/page // high passes, low does not
	var had int64
	for high-low > 1 {
		middle := (low + high) / 2
		ok, bytes, err := t.passes(ctx, f, middle)
		if err != nil {
			return 0, err
		}
		if ok {
			high, had = middle, bytes
		} else {
			low = middle
		}
	}
	return max(high*page, had), nil
}

// passes reports whether a fixture that passes does so with so many pages of memory, and
// how much it had, as far as that is known: with headroom it may be more.
func (t *Trial) passes(ctx context.Context, f fixture.Fixture, pages int64) (ok bool, had int64, err error) {
	if err := ctx.Err(); err != nil {
		return false, 0, err
	}
	call, err := t.prepare(f)
	if err != nil {
		return false, 0, err
	}
	manifest, err := withMemory(t.manifest, pages*page)
	if err != nil {
		return false, 0, err
	}
	caller, err := t.load(ctx, f.Config, manifest)
	if err != nil {
		return false, 0, err
	}
	var used component.Usage
	got, err := call.json(component.WithUsage(ctx, &used), caller)
	return err == nil && len(witvalue.DiffJSON(f.Want, got)) == 0, used.MemoryBytes, nil
}

// Fixtures is the folder of a project's fixtures.
func Fixtures(p *project.Project) string { return filepath.Join(p.Dir, "fixtures") }
