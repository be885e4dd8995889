package component

import (
	"context"
	"runtime/debug"
)

// scope is what the codecs of one call know of its resources. Only the call's
// own goroutine uses it.
type scope struct {
	frame   *frame // whose codecs they are; set once
	program *Program
	inst    *Instance // nil in a fresh instance
	values  *values   // the instance's
	fresh   values    // serves as values in a fresh instance
}

func (s *scope) begin(p *Program, inst *Instance) {
	s.program, s.inst, s.values = p, inst, &s.fresh
	if inst != nil {
		s.values = &inst.values
	}
}

// over is why the call was told to stop, or nil; a codec of no call has no scope.
func (s *scope) over() error {
	if s == nil || !s.frame.over() {
		return nil
	}
	return s.frame.why()
}

// moved is what an encoder has given and lent.
type moved struct {
	given, lent   []*Handle
	made, showing []uint32 // values
}

func (m *moved) reset() {
	if !m.any() {
		return
	}
	clear(m.given)
	clear(m.lent)
	m.given, m.lent, m.made, m.showing = m.given[:0], m.lent[:0], m.made[:0], m.showing[:0]
}

func (m *moved) any() bool {
	return len(m.given)|len(m.lent)|len(m.made)|len(m.showing) != 0
}

// settle ends what a call's arguments lent, and takes back what they gave when
// the guest did not get them.
func (s *scope) settle(ctx context.Context, m *moved, arrived bool) {
	for _, rep := range m.showing {
		s.values.remove(rep)
	}
	if !arrived {
		for _, h := range m.given {
			h.spent = false
		}
		for _, rep := range m.made {
			s.values.drop(ctx, s.program, rep)
		}
	}
	m.reset()
}

// end drops what a fresh instance left.
func (s *scope) end(ctx context.Context) {
	if len(s.fresh.slots) > 0 || s.fresh.locals != nil {
		s.fresh.end(ctx, s.program)
	}
	s.program, s.inst, s.values = nil, nil, nil
}

// values are the host's values that an instance's guest has handles of. A guest
// sees numbers that wasmtime keeps for it and cannot make one up.
type values struct {
	slots  []value
	free   []uint32
	locals map[any]any // see Local
}

type value struct {
	resource int // its place in Program.resources; -1 when the slot is free
	lent     bool
	value    any
}

// add returns the number of a new value, and false when there are too many.
func (t *values) add(v value, most int) (uint32, bool) {
	if len(t.slots)-len(t.free) >= most {
		return 0, false
	}
	if n := len(t.free); n > 0 {
		rep := t.free[n-1]
		t.free = t.free[:n-1]
		t.slots[rep] = v
		return rep, true
	}
	t.slots = append(t.slots, v)
	return uint32(len(t.slots) - 1), true
}

// get returns a value of a resource type.
func (t *values) get(rep uint32, resource int) (any, bool) {
	if int64(rep) >= int64(len(t.slots)) || t.slots[rep].resource != resource {
		return nil, false
	}
	return t.slots[rep].value, true
}

func (t *values) remove(rep uint32) {
	t.slots[rep] = value{resource: -1}
	t.free = append(t.free, rep)
}

// drop removes a value and ends it; its own error has nobody left to go to.
func (t *values) drop(ctx context.Context, p *Program, rep uint32) {
	v := t.slots[rep]
	t.remove(rep)
	if v.resource >= 0 && !v.lent {
		_ = p.resources[v.resource].end(ctx, v.value)
	}
}

// end drops all that is left when an instance is over, which ctx, its maker's,
// need not be any more.
func (t *values) end(ctx context.Context, p *Program) {
	t.locals = nil
	ctx = context.WithoutCancel(ctx)
	for rep := range t.slots {
		if t.slots[rep].resource >= 0 {
			t.drop(ctx, p, uint32(rep))
		}
	}
	*t = values{}
}

// end gives a value that no guest holds any more to the host's function for it.
func (b boundResource) end(ctx context.Context, v any) (err error) {
	if b.drop == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = b.failed(&PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	if err := b.drop(ctx, v); err != nil {
		return b.failed(err)
	}
	return nil
}

func (b boundResource) failed(err error) error {
	return &HostError{Interface: b.res.Interface, Name: "[resource-drop]" + b.res.Name, Err: err}
}
