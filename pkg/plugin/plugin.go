package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/component"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

// MaxComponentBytes bounds a component's file.
const MaxComponentBytes = 64 << 20

const (
	keepBytes     = 16 << 20  // what a small plugin in any of the five languages has of memory
	headroomBytes = 256 << 10 // what one in C or Rust grows by in a short call
)

// EngineConfig is what hosts of plugins begin an engine's configuration with: what makes
// short calls cheap where it is bounded how many run at once. A plugin with more memory
// than is kept gives back the rest.
func EngineConfig() component.Config {
	return component.Config{KeepBytes: keepBytes, HeadroomBytes: headroomBytes}
}

// Errors that carry no detail of their own.
var (
	// ErrDigest: the component's bytes are not those that the manifest names.
	ErrDigest = errors.New("plugin: the component's digest is not the manifest's")
	// ErrNeedsFolders: the component is granted folders, and is called without
	// them: call what WithFolders gives.
	ErrNeedsFolders = errors.New("plugin: the component needs its folders")
	// ErrStart: an instance that was to be kept ready cannot be made. The error
	// wraps the reason.
	ErrStart = errors.New("plugin: no instance can be kept ready")
)

// Compiler makes a runnable component of its bytes, in either way: a
// *component.Engine, or a cache in front of one.
type Compiler interface {
	Compile(context.Context, []byte) (*component.Component, error)
	CompilePlain(context.Context, []byte) (*component.Component, error)
}

// Options say what is loaded, and what the host gives.
type Options struct {
	Engine *component.Engine
	// Compiler compiles for Engine; nil is Engine itself.
	Compiler Compiler
	// Files holds manifest.json and NAME.wasm.
	Files fs.FS
	// Host is what granted host interfaces work with.
	Host Host
	// Exports are the functions that will be called. Their interfaces must be
	// among the manifest's exports.
	Exports []*component.Export
	// Reuse allows that instances serve more than one call, where the manifest asks
	// for it: what the component keeps then outlives a call (invariant 4), until a
	// later call of the same tenant finds it. Sessions with folders are not reused.
	Reuse bool
	// Warm is how many instances are kept ready, each for a call that has yet to
	// come, at most 16: for components that take long to start. Default: none.
	// Sessions with folders have none.
	Warm int
	// Events is told what the plugin is granted, what it is refused, and what ends
	// its calls; nil tells nobody.
	Events Events
	// Output gets what a component with WASI writes to its standard output and
	// error, from several calls at once. Nil discards it where the component has
	// folders, and is Host.Logger otherwise.
	Output io.Writer
}

// reusedCalls is how many calls an instance serves where that is asked for and
// allowed.
const reusedCalls = 1000

// Plugin is a loaded component. It is safe for concurrent use. A call gets a
// fresh instance, and nothing outlives it (invariant 4), but for Options.Reuse.
type Plugin struct {
	manifest  Manifest
	options   Options
	functions *component.Host
	component *component.Component
	// program is nil where the component needs folders; pool, where its instances
	// are made for each call.
	program *component.Program
	pool    *component.Pool
}

// Load reads, checks and compiles a component. Refused imports are
// Refusals; other bytes than the manifest's are ErrDigest; a start that fails,
// where Options.Warm asks for one, is ErrStart.
func Load(ctx context.Context, o Options) (*Plugin, error) {
	manifest, wasm, err := read(o.Files)
	if err != nil {
		return nil, refused(ctx, o, manifest, err)
	}
	p, err := prepare(ctx, o, manifest, wasm)
	if err != nil {
		return nil, refused(ctx, o, manifest, err)
	}
	if err := p.loaded(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// prepare does all of Load that comes after reading. Nothing of the component
// has run when it returns, but for the start of what Options.Warm asks for.
func prepare(ctx context.Context, o Options, manifest Manifest, wasm []byte) (_ *Plugin, err error) {
	if err := offers(manifest, o.Exports); err != nil {
		return nil, err
	}
	if o.Compiler == nil {
		o.Compiler = o.Engine
	}
	p := &Plugin{manifest: manifest, options: o}
	compile := o.Compiler.Compile
	if len(manifest.Grants.Folders) > 0 {
		compile = o.Compiler.CompilePlain // for wasmtime's WASI
	}
	if p.component, err = compile(ctx, wasm); err != nil {
		return nil, fmt.Errorf("plugin: %s: %w", manifest.Name, err)
	}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := manifest.CheckImports(p.component.Imports()); err != nil {
		return nil, err
	}
	if p.functions, err = o.functions(manifest); err != nil {
		return nil, err
	}
	if manifest.Grants.WASI != nil {
		if err := o.addWASI(p.functions, manifest, p.Name()); err != nil {
			return nil, err
		}
	}
	if len(manifest.Grants.Folders) == 0 {
		if p.program, err = p.link(nil); err != nil {
			return nil, err
		}
		if err := p.fill(ctx); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrStart, manifest.Name, err)
		}
	}
	return p, nil
}

// fill makes the pool, where the options and the manifest ask for one.
func (p *Plugin) fill(ctx context.Context) (err error) {
	pool := component.PoolOptions{Warm: p.options.Warm, Ahead: p.ahead}
	if p.options.Reuse && p.manifest.Reuse {
		pool.Reuse = reusedCalls
	}
	if pool.Warm > 0 || pool.Reuse > 0 {
		p.pool, err = p.program.Pool(ctx, pool)
	}
	return err
}

// ahead makes an instance that is no call's. Its start has a call's bounds, and
// what it fails of is told.
func (p *Plugin) ahead(ctx context.Context, start func(context.Context) error) error {
	ctx = p.bounded(ctx)
	return p.called(ctx, p.program, nil, start(ctx))
}

// ReadManifest reads the manifest of a component's folder.
func ReadManifest(files fs.FS) (Manifest, error) {
	text, err := readBounded(files, "manifest.json", MaxManifestBytes)
	if err != nil {
		return Manifest{}, err
	}
	return ParseManifest(text)
}

// read gives the manifest also where the component is not what it names.
func read(files fs.FS) (Manifest, []byte, error) {
	manifest, err := ReadManifest(files)
	if err != nil {
		return Manifest{}, nil, err
	}
	wasm, err := readBounded(files, manifest.Name+".wasm", MaxComponentBytes)
	if err != nil {
		return manifest, nil, err
	}
	if err := manifest.CheckDigest(wasm); err != nil {
		return manifest, nil, err
	}
	return manifest, wasm, nil
}

func readBounded(files fs.FS, name string, most int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("plugin: %s: %w", name, err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("plugin: %s: more than %d bytes", name, most)
	}
	return data, nil
}

// offers checks that what will be called is what the manifest says is there.
func offers(m Manifest, exports []*component.Export) error {
	for _, e := range exports {
		if !slices.Contains(m.Exports, e.Interface) {
			return fmt.Errorf("plugin: %s does not export %s", m.Name, e.Interface)
		}
	}
	return nil
}

func (p *Plugin) link(folders []component.Folder) (*component.Program, error) {
	o := component.LinkOptions{
		Name:    p.manifest.Name,
		Host:    p.functions,
		Exports: p.options.Exports,
		Limits:  p.manifest.Limits.limits(),
	}
	if folders != nil {
		o.WASI = &component.WASI{Folders: folders, Output: p.options.Output}
	}
	program, err := p.options.Engine.Link(p.component, o)
	if err != nil {
		return nil, fmt.Errorf("plugin: %s: %w", p.manifest.Name, err)
	}
	return program, nil
}

// Call runs one function within the manifest's limits.
func (p *Plugin) Call(ctx context.Context, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	if p.program == nil {
		return ErrNeedsFolders
	}
	if p.pool != nil {
		return p.call(ctx, p.program, p.pool, fn, args, results)
	}
	return p.call(ctx, p.program, p.program, fn, args, results)
}

// call makes the caller's tenant the call's flow: tenants share the engine fairly. The
// caller is program, or a pool of it.
func (p *Plugin) call(ctx context.Context, program *component.Program, caller component.Caller, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	if a, ok := actor.From(ctx); ok {
		ctx = component.WithFlow(ctx, a.Tenant)
	}
	ctx = p.bounded(ctx)
	return p.called(ctx, program, fn, caller.Call(ctx, fn, args, results))
}

// bounded gives a call its bounds, where there is something that they bound.
func (p *Plugin) bounded(ctx context.Context) context.Context {
	g := p.manifest.Grants
	if g.WASI != nil || slices.ContainsFunc([]string{logInterface, configInterface, outboundInterface}, g.grantsAnyOf) {
		return counted(ctx)
	}
	return ctx
}

// Session is a component with its folders. It is safe for concurrent use; close
// it when done with it.
type Session struct {
	plugin  *Plugin
	program *component.Program
}

// Call runs one function in a fresh instance, within the manifest's limits.
func (s *Session) Call(ctx context.Context, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	return s.plugin.call(ctx, s.program, s.program, fn, args, results)
}

// Close ends the session. Calls must have ended.
func (s *Session) Close() { s.program.Close() }

// WithFolders gives a session whose instances see the granted folders, each at
// the host path that folders names for it, and nothing else.
func (p *Plugin) WithFolders(folders map[string]string) (*Session, error) {
	granted := p.manifest.Grants.Folders
	if len(granted) == 0 || len(folders) != len(granted) {
		return nil, fmt.Errorf("plugin: %s is granted %d folders and was given %d", p.manifest.Name, len(granted), len(folders))
	}
	seen := make([]component.Folder, len(granted))
	for i, g := range granted {
		host, ok := folders[g.Name]
		if !ok {
			return nil, fmt.Errorf("plugin: %s: the folder %q was not given", p.manifest.Name, g.Name)
		}
		seen[i] = component.Folder{Host: host, Guest: g.Path, ReadOnly: g.Access == ReadOnly}
	}
	program, err := p.link(seen)
	if err != nil {
		return nil, err
	}
	return &Session{p, program}, nil
}

// Manifest returns what the component was loaded under.
func (p *Plugin) Manifest() Manifest { return p.manifest }

// Name returns the name and version, as "name@version".
func (p *Plugin) Name() string { return p.manifest.Ref() }

// Status tells operators what is loaded.
func (p *Plugin) Status() *statusv1.Component { return p.manifest.Status() }

// Close frees the component. Calls must have ended; sessions may outlive it.
func (p *Plugin) Close() {
	if p.pool != nil {
		p.pool.Close()
	}
	if p.program != nil {
		p.program.Close()
	}
	p.component.Close()
}
