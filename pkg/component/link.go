package component

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"
)

// LinkOptions says what a component is given and what is wanted from it.
type LinkOptions struct {
	Host    *Host     // nil gives no functions
	Exports []*Export // every function that will be called
	Limits  Limits
	WASI    *WASI // nil gives no WASI
}

// Link gives a component what it imports and checks all of it before anything
// runs: each import must be in the host (or be of WASI, when that is given) and
// each wanted export in the component, with exactly the descriptor's types. It
// fails with an *ImportError, an *ExportError or a *TypeError that names the
// first which is not.
//
// An interface's version matches as semver has it: a host that gives
// hygia:host/log@0.1.3 serves a component built against 0.1.1, and the reverse,
// as long as the types of the functions in use are the same.
func (e *Engine) Link(c *Component, o LinkOptions) (*Program, error) {
	p := &Program{engine: e, limits: o.Limits.withDefaults(), exports: slices.Clone(o.Exports)}
	if err := p.limits.check(); err != nil {
		return nil, err
	}
	groups, err := p.resolveImports(c, o)
	if err != nil {
		return nil, err
	}
	names, err := resolveExports(c, o.Exports)
	if err != nil {
		return nil, err
	}
	if err := p.build(c, o.WASI, groups, names); err != nil {
		return nil, err
	}
	return p, nil
}

// importGroup is the functions that a component imports from one interface.
type importGroup struct {
	iface string // as the component names it
	names []string
	first int // in Program.imports
}

// resolveImports finds what serves each import, and fills p.imports.
func (p *Program) resolveImports(c *Component, o LinkOptions) ([]importGroup, error) {
	groups := []importGroup{{}} // the first is the world's own functions
	for _, d := range c.imports {
		switch {
		case d.kind == itemFunc:
			groups[0].names = append(groups[0].names, d.name)
			if err := p.resolveImport("", d, o.Host); err != nil {
				return nil, err
			}
		case d.kind == itemType, o.WASI != nil && isWASI(d.name):
		case d.kind != itemInstance:
			return nil, &ImportError{d.name, "", "is neither a function nor an interface"}
		}
	}
	for _, d := range c.imports {
		if d.kind != itemInstance || o.WASI != nil && isWASI(d.name) {
			continue
		}
		g := importGroup{iface: d.name, first: len(p.imports)}
		for _, f := range d.inner {
			if f.kind == itemType {
				continue
			}
			if f.kind != itemFunc {
				return nil, &ImportError{d.name, f.name, f.refusal()}
			}
			g.names = append(g.names, f.name)
			if err := p.resolveImport(d.name, f, o.Host); err != nil {
				return nil, err
			}
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func (d decl) refusal() string {
	if d.kind == itemResource {
		return "is a resource, which a host cannot give"
	}
	return "is neither a function nor a type"
}

func (p *Program) resolveImport(iface string, f decl, h *Host) error {
	b, ok := h.find(iface, f.name)
	if !ok {
		return &ImportError{iface, f.name, "the host does not give it"}
	}
	if err := f.match(iface, b.imp.Signature); err != nil {
		return err
	}
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

// resolveExports returns, for each wanted export, the name by which the
// component exports its interface.
func resolveExports(c *Component, wanted []*Export) ([]string, error) {
	names := make([]string, len(wanted))
	for i, w := range wanted {
		d, iface, ok := findExport(c.exports, w)
		if !ok {
			return nil, &ExportError{w.Interface, w.Name, "the component does not have it"}
		}
		if err := d.match(iface, w.Signature); err != nil {
			return nil, err
		}
		names[i] = iface
	}
	return names, nil
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
func (p *Program) build(c *Component, w *WASI, groups []importGroup, ifaces []string) (err error) {
	p.c = (*C.hy_program)(p.mem.calloc(C.sizeof_hy_program))
	defer func() {
		if err != nil {
			p.free()
		}
	}()
	if p.c.engine, p.c.component = p.engine.handle(), c.clone(); p.c.engine == nil || p.c.component == nil {
		return ErrClosed
	}
	p.c.memory_bytes = C.int64_t(p.limits.MemoryBytes)
	p.c.table_elements = C.int64_t(p.limits.TableElements)
	p.c.instances = C.int64_t(p.limits.Instances)
	p.c.memories = C.int64_t(p.limits.Memories)
	p.c.tables = C.int64_t(p.limits.Tables)
	p.c.linker = C.wasmtime_component_linker_new(p.c.engine)
	types := &signatures{mem: &p.mem, seen: make(map[*Type]*C.hy_type)}
	if err := p.buildExports(types, ifaces); err != nil {
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

func (p *Program) buildExports(types *signatures, ifaces []string) error {
	funcs := carray[C.hy_func](&p.mem, len(p.exports))
	p.c.funcs, p.c.func_count = unsafe.SliceData(funcs), C.uint32_t(len(funcs))
	for i, x := range p.exports {
		iface, name := p.mem.name(ifaces[i]), p.mem.name(x.Name)
		funcs[i].sig = types.add(x.Signature)
		funcs[i].index = C.hy_export(p.c.component, iface.data, iface.size, name.data, name.size)
		if funcs[i].index == nil {
			return &ExportError{x.Interface, x.Name, "the component does not have it"}
		}
	}
	return nil
}

func (p *Program) buildImports(types *signatures, g importGroup) error {
	if len(g.names) == 0 {
		return nil
	}
	names := carray[C.wasm_name_t](&p.mem, len(g.names))
	imports := carray[*C.hy_import](&p.mem, len(g.names))
	for i, n := range g.names {
		names[i] = p.mem.name(n)
		imports[i] = (*C.hy_import)(p.mem.calloc(C.sizeof_hy_import))
		imports[i].index = C.uint32_t(g.first + i)
		imports[i].sig = types.add(p.imports[g.first+i].imp.Signature)
	}
	iface := p.mem.name(g.iface)
	var message C.hy_buffer
	ok := C.hy_link_funcs(p.c.linker, iface.data, iface.size, unsafe.SliceData(names),
		unsafe.SliceData(imports), C.size_t(len(names)), &message)
	if text := take(&message); !ok {
		return fmt.Errorf("component: link %s: %s", g.iface, reason(string(text)))
	}
	return nil
}
