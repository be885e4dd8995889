package bound

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// A space is one of a component's index spaces, as it was and as it becomes.
type space struct {
	now  []uint32 // of each index that was, what it becomes
	next uint32
}

// define adds something that the component has.
func (s *space) define() {
	s.now = append(s.now, s.insert())
}

// insert adds something that it had not, and returns its index.
func (s *space) insert() uint32 {
	s.next++
	return s.next - 1
}

// A scope is a component's index spaces, as far as something is put into them, or is
// counted.
type scope struct {
	parent                    *scope
	modules, instances, funcs space
	components                []int // of each how many core instances were added to it, 0 where that is not known
	added                     int   // to this one
	makes                     bool  // resources
	counter                   *counter
}

// add counts core instances that were added, and stops where there are too many.
func (s *scope) add(n int) { s.added = min(s.added+n, InstancesMax+1) }

// out is a component as it is written. What goes into one section is gathered as
// long as nothing else comes.
type out struct {
	bytes []byte
	id    byte
	count int
	items []byte
}

func (o *out) item(id byte, item []byte) {
	if id != o.id {
		o.flush()
	}
	o.id = id
	o.count++
	o.items = append(o.items, item...)
}

// section writes a section that is no list.
func (o *out) section(id byte, body []byte) {
	o.flush()
	o.bytes = wasmbin.AppendSection(o.bytes, id, body)
}

func (o *out) flush() {
	if o.count > 0 {
		list := append(wasmbin.AppendU32(nil, uint32(o.count)), o.items...)
		o.bytes = wasmbin.AppendSection(o.bytes, o.id, list)
	}
	o.id, o.count, o.items = 0, 0, nil
}
