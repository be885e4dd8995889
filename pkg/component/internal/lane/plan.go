package lane

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The names by which the host finds what it needs among the exports of a
// component's core instances. A component that has one of them already stays as
// it is.
const (
	Prefix = "hygia:lane/"
	// Memory is the memory that all values of the lane lie in.
	Memory = Prefix + "memory"
	// Realloc gives room for the arguments of exported functions.
	Realloc = Prefix + "realloc"
	// Finish is a function of one number, which does not matter, that does what
	// functions which wasmtime calls want done when their results were read
	// (post-return). It is something else than a function where none wants it.
	Finish = Prefix + "finish"
)

// ReallocFor names what gives room for the results of an imported function.
func ReallocFor(iface, name string) string { return Realloc + ":" + Qualified(iface, name) }

// CallOf names an exported function itself, one that Rewritten.Direct names.
func CallOf(iface, name string) string { return Prefix + "call:" + Qualified(iface, name) }

// PostReturnOf names what such a function wants done when its result was read.
func PostReturnOf(iface, name string) string { return Prefix + "read:" + Qualified(iface, name) }

// Qualified is the name of a function of an interface, or of the component itself.
func Qualified(iface, name string) string { return iface + "#" + name }

// plan is what the second walk changes.
type plan struct {
	modules map[int][]byte // in place of the component's own
	renamed map[int]string // what an alias of a core function is to name
}

// planner finds out what must be exported from which module.
type planner struct {
	root *scope
	mode
	exports [][]Direct // of each of root.canons: under which names it is exported
	direct  []Direct
	patches map[int]*patch
	found   map[string]coreExport // what the names above stand for
	posts   []int                 // core functions, each a post-return
	alone   []int                 // of each module its only instance, -1 where there are several
	names   int                   // bytes of exports' names that were looked at
}

// namesMax bounds the names of all exports together, in bytes: a small component can
// export one large instance under many names.
const namesMax = 256 << 10

func newPlanner(root *scope, m mode) (*planner, error) {
	p := &planner{root: root, mode: m, patches: map[int]*patch{}, found: map[string]coreExport{},
		exports: make([][]Direct, len(root.canons)), alone: root.alone()}
	for name, e := range root.exports {
		p.exported("", name, e)
		if e.sort != sortInstance {
			continue
		}
		for inner := range e.typ.exports {
			if p.exported(name, inner, e.typ.export(inner)); p.names > namesMax {
				return nil, errNames
			}
		}
	}
	for _, names := range p.exports {
		slices.SortFunc(names, func(a, b Direct) int {
			return cmp.Or(strings.Compare(a.Interface, b.Interface), strings.Compare(a.Name, b.Name))
		})
	}
	return p, nil
}

func (p *planner) exported(iface, name string, e item) {
	p.names += len(Qualified(iface, name))
	if e.sort == sortFunc && e.lifted > 0 {
		names := &p.exports[e.lifted-1]
		*names = append(*names, Direct{Interface: iface, Name: name})
	}
}

// plan decides what becomes of each function. Those that must have the lane go first:
// it can be refused to others.
func (p *planner) plan() (*plan, error) {
	var rest []int
	for i, c := range p.root.canons {
		switch {
		case !c.fn.typ.known:
			return nil, errUnknown
		case c.lift && !c.fn.typ.plain && len(p.exports[i]) > 0:
			rest = append(rest, i)
		case c.fn.typ.params || c.fn.typ.result:
			if err := p.take(c); err != nil {
				return nil, err
			}
		}
	}
	for _, i := range rest {
		c := p.root.canons[i]
		if p.mayCall(c) {
			if err := p.call(c, p.exports[i]); err != nil {
				return nil, err
			}
		} else if c.fn.typ.params || c.fn.typ.result {
			if err := p.take(c); err != nil {
				return nil, err
			}
		}
	}
	if len(p.found) == 0 {
		return nil, errNothing
	}
	return p.finish()
}

// mayCall reports whether the host can call what is lifted itself.
func (p *planner) mayCall(c canon) bool {
	t := c.fn.typ
	readable := !p.text || c.opts.encoding == 0 || !t.params && !t.result
	return readable && p.reach(p.root.coreFuncs, c.core) &&
		(c.opts.postReturn < 0 || p.reach(p.root.coreFuncs, c.opts.postReturn)) &&
		(!t.memory || p.reach(p.root.memories, c.opts.memory) && p.same(Memory, p.root.memories[c.opts.memory])) &&
		(!t.room || p.reach(p.root.coreFuncs, c.opts.realloc) && p.same(Realloc, p.root.coreFuncs[c.opts.realloc]))
}

// reach reports whether an export of a core instance can be given another name.
func (p *planner) reach(exports []coreExport, i int) bool {
	e, ok := at(exports, uint32(i))
	if !ok {
		return false
	}
	_, err := p.patch(e.instance)
	return err == nil
}

// same reports whether a name may stand for an export.
func (p *planner) same(name string, e coreExport) bool {
	e.uses = 0
	was, ok := p.found[name]
	return !ok || was == e
}

// call gives what the host needs to call a function that is lifted.
func (p *planner) call(c canon, names []Direct) error {
	var errs []error
	if c.fn.typ.memory {
		errs = append(errs, p.give(Memory, p.root.memories[c.opts.memory]))
	}
	if c.fn.typ.room {
		errs = append(errs, p.giveFunc(Realloc, c.opts.realloc))
	}
	for _, d := range names {
		d.Post = c.opts.postReturn >= 0
		errs = append(errs, p.giveFunc(CallOf(d.Interface, d.Name), c.core))
		if d.Post {
			errs = append(errs, p.giveFunc(PostReturnOf(d.Interface, d.Name), c.opts.postReturn))
		}
		p.direct = append(p.direct, d)
	}
	return errors.Join(errs...)
}

// take gives what the lane needs in a function that wasmtime lifts or lowers.
func (p *planner) take(c canon) error {
	if p.keep {
		return nil
	}
	m, ok := at(p.root.memories, uint32(c.opts.memory))
	if !ok {
		return errUnknown
	}
	if err := p.give(Memory, m); err != nil {
		return err
	}
	switch {
	case p.text && c.opts.encoding != 0:
		return errEncoding
	case !c.lift && !c.fn.imported:
		return errComposed
	case !c.lift && c.fn.typ.result:
		return p.giveFunc(ReallocFor(c.fn.iface, c.fn.field), c.opts.realloc)
	case !c.lift:
		return nil
	}
	if c.fn.typ.result && c.opts.postReturn >= 0 {
		p.posts = append(p.posts, c.opts.postReturn)
	}
	if c.fn.typ.params {
		return p.giveFunc(Realloc, c.opts.realloc)
	}
	return nil
}

func (p *planner) giveFunc(name string, index int) error {
	f, ok := at(p.root.coreFuncs, uint32(index))
	if !ok {
		return errUnknown
	}
	f.uses = 0
	return p.give(name, f)
}

// give exports something under a name, which can stand for one thing only.
func (p *planner) give(name string, e coreExport) error {
	if was, ok := p.found[name]; ok {
		if was != e {
			return errSeveral
		}
		return nil
	}
	p.found[name] = e
	t, err := p.patch(e.instance)
	if err == nil {
		t.aliases = append(t.aliases, exportAlias{name, e.name})
	}
	return err
}

// patch returns the patch of the module that a core instance is of. Two
// instances of one module would export a name twice.
func (p *planner) patch(instance int) (*patch, error) {
	i, ok := at(p.root.coreInstances, uint32(instance))
	if !ok || i.module < 0 {
		return nil, errUnknown
	}
	if p.alone[i.module] != instance {
		return nil, errSeveral
	}
	if p.patches[i.module] == nil {
		p.patches[i.module] = &patch{}
	}
	return p.patches[i.module], nil
}

func (p *planner) finish() (*plan, error) {
	if slices.ContainsFunc(p.root.modules, takesOurNames) {
		return nil, errUnknown // the host would find that in place of ours
	}
	out := &plan{modules: map[int][]byte{}, renamed: map[int]string{}}
	if m, ok := p.found[Memory]; ok && len(p.posts) == 0 {
		if err := p.give(Finish, m); err != nil {
			return nil, err
		}
	}
	for k, post := range p.posts {
		f := p.root.coreFuncs[post]
		t, err := p.patch(f.instance)
		if err != nil || f.uses != 1 || k > 0 && f.instance != p.root.coreFuncs[p.posts[0]].instance {
			return nil, errSeveral
		}
		name := fmt.Sprintf("%spost%d", Prefix, k)
		t.posts = append(t.posts, exportAlias{name, f.name})
		out.renamed[post] = name
	}
	for m, t := range p.patches {
		patched, err := t.apply(p.root.modules[m])
		if err != nil {
			return nil, err
		}
		out.modules[m] = patched
	}
	return out, nil
}
