package lane

import (
	"fmt"
	"slices"
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
	// functions want done when their results were read (post-return). It is
	// something else than a function where none wants it.
	Finish = Prefix + "finish"
)

// ReallocFor names what gives room for the results of an imported function.
func ReallocFor(iface, name string) string { return Realloc + ":" + iface + "#" + name }

// plan is what the second walk changes.
type plan struct {
	modules map[int][]byte  // in place of the component's own
	renamed map[int]string  // what an alias of a core function is to name
	kept    map[uint32]bool // the component's types of functions whose results stay
	keep    bool            // those of all functions stay
}

// planner finds out what must be exported from which module.
type planner struct {
	root    *scope
	text    bool
	keep    bool
	patches map[int]*patch
	found   map[string]coreExport // what the names above stand for
	posts   []int                 // core functions, each a post-return
}

// newPlan makes a plan, of the results too unless keep says that they stay.
func newPlan(root *scope, text, keep bool) (*plan, error) {
	p := &planner{root: root, text: text, patches: map[int]*patch{}, found: map[string]coreExport{}}
	p.keep = keep || slices.ContainsFunc(root.canons, func(c canon) bool {
		return c.lift && c.fn.typ.far && root.imported[c.typ]
	})
	for _, c := range root.canons {
		if !c.fn.typ.known {
			return nil, errUnknown
		}
		if c.fn.typ.params || c.fn.typ.result || p.far(c) {
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

// far reports whether a function's result becomes its address. None does where
// the component imports a function of the same type: to a guest that calls, a
// result in memory is no result, but an address that it passes.
func (p *planner) far(c canon) bool { return c.lift && c.fn.typ.far && !p.keep }

// take looks at a function whose type has to do with the lane.
func (p *planner) take(c canon) error {
	m, ok := at(p.root.memories, uint32(c.opts.memory))
	if !ok {
		return errUnknown
	}
	if err := p.give(Memory, m); err != nil {
		return err
	}
	switch {
	case p.text && c.opts.encoding != 0 && (c.fn.typ.params || c.fn.typ.result):
		return errEncoding
	case !c.lift && !c.fn.imported:
		return errComposed
	case !c.lift && c.fn.typ.result:
		return p.giveFunc(ReallocFor(c.fn.iface, c.fn.field), c.opts.realloc)
	case !c.lift:
		return nil
	}
	if (c.fn.typ.result || p.far(c)) && c.opts.postReturn >= 0 {
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
	same := func(o coreInstance) bool { return o.module == i.module }
	if first := slices.IndexFunc(p.root.coreInstances, same); first != instance ||
		slices.IndexFunc(p.root.coreInstances[first+1:], same) >= 0 {
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
	out := &plan{modules: map[int][]byte{}, renamed: map[int]string{}, kept: p.root.imported, keep: p.keep}
	if len(p.posts) == 0 {
		if err := p.give(Finish, p.found[Memory]); err != nil {
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
