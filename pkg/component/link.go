package component

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// LinkOptions says what a component is given and what is wanted from it.
type LinkOptions struct {
	Name    string    // what Config.Observe knows it by; may be empty
	Host    *Host     // nil gives no functions
	Exports []*Export // every function that will be called
	Limits  Limits
	WASI    *WASI // nil gives no WASI
}

// Link gives a component what it imports and checks all of it before anything
// runs: each import must be in the host (or be of WASI, when that is given) and
// each wanted export in the component, with exactly the descriptor's types. It
// fails with an *ImportError, an *ExportError or a *TypeError that names the
// first which is not, and with ErrEngine for a component of another engine.
//
// An interface's version matches as semver has it: a host that gives
// hygia:host/log@0.1.3 serves a component built against 0.1.1, and the reverse,
// as long as the types of the functions in use are the same.
func (e *Engine) Link(c *Component, o LinkOptions) (*Program, error) {
	if c.engine != e {
		return nil, ErrEngine
	}
	p := &Program{engine: e, name: o.Name, limits: o.Limits.WithDefaults(), exports: slices.Clone(o.Exports)}
	if err := p.limits.check(); err != nil {
		return nil, err
	}
	p.bindResources(c, o.Host)
	groups, err := p.resolveImports(c, o)
	if err != nil {
		return nil, err
	}
	exports, err := p.resolveExports(c)
	if err != nil {
		return nil, err
	}
	if err := p.build(c, o.WASI, groups, exports); err != nil {
		return nil, err
	}
	return p, nil
}

// importGroup is what a component imports from one interface.
type importGroup struct {
	iface string // as the component names it; "" for the world's own
	items []importItem
}

// importItem is a function or a resource, and its place in Program.imports or
// Program.resources.
type importItem struct {
	name     string
	resource bool
	index    int
}

// bindResources numbers the component's resources and finds what gives those
// that it imports.
func (p *Program) bindResources(c *Component, h *Host) {
	for i, r := range c.resources {
		b := boundResource{res: r, guest: i >= c.imported}
		if !b.guest {
			var give hostResource
			if give, b.given = h.findResource(r); b.given {
				b.drop = give.drop
				p.aliases = append(p.aliases, alias{give.res, i})
			}
		}
		p.resources = append(p.resources, b)
	}
}

// resolveImports finds what serves each import, and fills p.imports.
func (p *Program) resolveImports(c *Component, o LinkOptions) ([]importGroup, error) {
	world := importGroup{}
	groups := []importGroup{}
	for _, d := range c.imports {
		wasi := o.WASI != nil && isWASI(d.name)
		switch {
		case d.kind != itemInstance:
			if err := p.resolveImport(&world, d, o.Host); err != nil {
				return nil, err
			}
		case wasi && c.slow == nil:
			return nil, &ImportError{d.name, "", "wasmtime's WASI serves only what CompilePlain compiled"}
		case !wasi:
			g := importGroup{iface: d.name}
			for _, item := range d.inner {
				if err := p.resolveImport(&g, item, o.Host); err != nil {
					return nil, err
				}
			}
			groups = append(groups, g)
		}
	}
	return append(groups, world), nil
}

func (p *Program) resolveImport(g *importGroup, d decl, h *Host) error {
	switch d.kind {
	case itemType:
		return nil
	case itemResource:
		i := p.placeOf(d.res)
		if !p.resources[i].given {
			return &ImportError{g.iface, d.name, "the host does not give this resource"}
		}
		g.items = append(g.items, importItem{d.name, true, i})
		return nil
	case itemFunc:
		g.items = append(g.items, importItem{d.name, false, len(p.imports)})
		return p.resolveFunc(g.iface, d, h)
	}
	return &ImportError{g.iface, d.name, "is neither a function, a resource nor an interface"}
}

func (p *Program) resolveFunc(iface string, f decl, h *Host) error {
	b, ok := h.find(iface, f.name)
	if !ok {
		return &ImportError{iface, f.name, "the host does not give it"}
	}
	if err := f.match(iface, b.imp.Signature); err != nil {
		return err
	}
	if missing := p.learnAll(f.sig, b.imp.Signature); missing != nil {
		return &ImportError{iface, f.name, "the host does not give the resource " + missing.String()}
	}
	b.sig = f.sig
	p.imports = append(p.imports, b)
	return nil
}

// match compares a declared function with a descriptor's signature.
func (d decl) match(iface string, want Signature) error {
	if d.async {
		return &TypeError{iface, d.name, want.String(), "async " + d.sig.String()}
	}
	if !d.sig.Equal(want) {
		return &TypeError{iface, d.name, want.String(), d.sig.String()}
	}
	return nil
}

// resolvedExport is an export under the names and types that the component has
// for it.
type resolvedExport struct {
	iface  string
	sig    Signature
	direct *lane.Direct // see decl
}

// resolveExports finds each wanted export.
func (p *Program) resolveExports(c *Component) ([]resolvedExport, error) {
	out := make([]resolvedExport, len(p.exports))
	for i, w := range p.exports {
		d, iface, ok := findExport(c.exports, w)
		if !ok {
			return nil, &ExportError{w.Interface, w.Name, "the component does not have it"}
		}
		if err := d.match(iface, w.Signature); err != nil {
			return nil, err
		}
		if missing := p.learnAll(d.sig, w.Signature); missing != nil {
			return nil, &ExportError{w.Interface, w.Name, "the host does not give the resource " + missing.String()}
		}
		out[i] = resolvedExport{iface, d.sig, d.direct}
	}
	return out, nil
}

func findExport(ds []decl, w *Export) (decl, string, bool) {
	if w.Interface == "" {
		d, ok := findFunc(ds, w.Name)
		return d, "", ok
	}
	for _, exact := range []bool{true, false} {
		for _, d := range ds {
			if d.kind == itemInstance && (d.name == w.Interface || !exact && track(d.name) == track(w.Interface)) {
				f, ok := findFunc(d.inner, w.Name)
				return f, d.name, ok
			}
		}
	}
	return decl{}, "", false
}

func findFunc(ds []decl, name string) (decl, bool) {
	for _, d := range ds {
		if d.kind == itemFunc && d.name == name {
			return d, true
		}
	}
	return decl{}, false
}

// track reduces the version of an interface's name to the part that must be the
// same for two to be compatible: "a:b/c@1.2.3" is "a:b/c@1", "a:b/c@0.2.3" is
// "a:b/c@0.2", and a version 0.0.x, or one with a pre-release, stays whole.
func track(iface string) string {
	name, version, ok := strings.Cut(iface, "@")
	if !ok || strings.ContainsAny(version, "-") {
		return iface
	}
	parts := strings.SplitN(version, ".", 3)
	switch {
	case len(parts) != 3:
		return iface
	case parts[0] != "0":
		return name + "@" + parts[0]
	case parts[1] != "0":
		return name + "@0." + parts[1]
	}
	return iface
}

// build makes the C half. Whatever fails, everything made so far is freed.
func (p *Program) build(c *Component, w *WASI, groups []importGroup, exports []resolvedExport) (err error) {
	p.c = (*C.hy_program)(p.mem.calloc(C.sizeof_hy_program))
	defer func() {
		if err != nil {
			p.free()
		}
	}()
	if p.c.engine, p.c.component = p.engine.handle(), c.clone(); p.c.engine == nil || p.c.component == nil {
		return ErrClosed
	}
	p.c.memory_bytes = C.int64_t(c.mostMemory(p.limits.MemoryBytes))
	p.c.table_elements = C.int64_t(p.limits.TableElements)
	p.c.instances = C.int64_t(p.limits.Instances + c.added)
	p.c.memories = C.int64_t(p.limits.Memories)
	p.c.tables = C.int64_t(p.limits.Tables)
	if p.fuel, err = p.limits.fuelFor(p.engine.cfg); err != nil {
		return err
	}
	p.c.fuel = p.fuel
	p.c.linker = C.wasmtime_component_linker_new(p.c.engine)
	p.c.memory.name = p.mem.name(lane.Memory)
	p.c.finish.name = p.mem.name(lane.Finish)
	p.c.asked[0], p.c.asked[1] = p.mem.name(chunk.AskedPages), p.mem.name(chunk.AskedElements)
	p.c.core_instances = C.uint32_t(c.instances)
	if w != nil {
		p.c.instances += waiterInstances
		p.c.core_instances += waiterInstances
	}
	p.c.resources_max = C.uint32_t(p.limits.Resources)
	types := &signatures{mem: &p.mem, program: p, lane: c.slow == nil}
	p.c.room = types.room(lane.Realloc)
	p.c.finish._type = types.core(flattened{C.WASM_I32}, nil)
	if err := p.buildExports(types, exports); err != nil {
		return err
	}
	if w != nil {
		if err := p.grant(w); err != nil {
			return err
		}
	}
	for _, g := range groups {
		if err := p.buildImports(types, g); err != nil {
			return err
		}
	}
	return nil
}

func (p *Program) buildExports(types *signatures, exports []resolvedExport) error {
	funcs := carray[C.hy_func](&p.mem, len(p.exports))
	p.c.funcs, p.c.func_count = unsafe.SliceData(funcs), C.uint32_t(len(funcs))
	for i, x := range p.exports {
		iface, name := p.mem.name(exports[i].iface), p.mem.name(x.Name)
		types := types.of(exports[i])
		funcs[i].sig = types.add(exports[i].sig)
		funcs[i].finish = C.bool(exports[i].sig.Result.holdsLane())
		types.direct(&funcs[i], exports[i], x.Name)
		funcs[i].index = C.hy_export(p.c.component, iface.data, iface.size, name.data, name.size)
		if funcs[i].index == nil {
			return &ExportError{x.Interface, x.Name, "the component does not have it"}
		}
	}
	return nil
}

func (p *Program) buildImports(types *signatures, g importGroup) error {
	if len(g.items) == 0 {
		return nil
	}
	items := carray[C.hy_item](&p.mem, len(g.items))
	for i, item := range g.items {
		items[i].name = p.mem.name(item.name)
		if item.resource {
			items[i].resource = C.uint32_t(item.index)
			continue
		}
		f := (*C.hy_import)(p.mem.calloc(C.sizeof_hy_import))
		f.index = C.uint32_t(item.index)
		f.sig = types.add(p.imports[item.index].sig)
		f.room = types.room(lane.ReallocFor(g.iface, item.name))
		items[i]._func = f
	}
	iface := p.mem.name(g.iface)
	var message C.hy_buffer
	ok := C.hy_link_items(p.c.linker, iface.data, iface.size, unsafe.SliceData(items), C.size_t(len(items)), &message)
	if text := take(&message); !ok {
		return fmt.Errorf("component: link %s: %s", g.iface, reason(string(text)))
	}
	return nil
}
