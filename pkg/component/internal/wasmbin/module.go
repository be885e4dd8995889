package wasmbin

import "strings"

// The ids of a core module's sections.
const (
	SecCustom = 0
	SecType   = 1
	SecImport = 2
	SecFunc   = 3
	SecTable  = 4
	SecMemory = 5
	SecGlobal = 6
	SecExport = 7
	SecElem   = 9
	SecCode   = 10
	SecData   = 11
)

// order is that in which the sections of a core module stand.
const order = "\x01\x02\x03\x04\x05\x0d\x06\x07\x08\x09\x0c\x0a\x0b"

// Section is one of a module's or a component's.
type Section struct {
	ID   byte
	Body []byte
}

// Sections returns the sections of a core module, as they stand in it: each but custom
// ones once, in the order of the format. Their bodies share its memory.
func Sections(module []byte) ([]Section, error) {
	r := &Reader{In: module}
	if string(r.Take(uint32(len(Core)))) != Core {
		return nil, ErrUnknown
	}
	var all []Section
	last := -1
	for !r.Done() {
		id, body := r.Section()
		if id != SecCustom {
			at := strings.IndexByte(order, id)
			if at <= last {
				r.Fail()
			}
			last = at
		}
		all = append(all, Section{id, body})
	}
	return all, r.Err
}

// Addition is what a section of a core module gains at its end.
type Addition struct {
	count int
	body  []byte
}

// One adds an item, in its binary form.
func (a *Addition) One(b ...byte) {
	a.count++
	a.body = append(a.body, b...)
}

// Code adds the body of a function: its locals and its instructions.
func (a *Addition) Code(body []byte) {
	a.One(append(AppendU32(nil, uint32(len(body))), body...)...)
}

// Join returns the core module of these sections with what they gain, by their ids;
// those that it lacks are put where they belong. It empties add.
func Join(sections []Section, add map[byte]*Addition) ([]byte, error) {
	size := len(Core)
	for _, s := range sections {
		size += len(s.Body) + 6
	}
	for _, a := range add {
		size += len(a.body) + 6
	}
	out, r := append(make([]byte, 0, size), Core...), &Reader{}
	for _, s := range sections {
		if at := strings.IndexByte(order, s.ID); at > 0 {
			for _, id := range []byte(order[:at]) {
				out = add[id].section(out, id, []byte{0}, r)
				delete(add, id)
			}
		}
		if a := add[s.ID]; a != nil && a.count > 0 && s.ID != SecCustom {
			out = a.section(out, s.ID, s.Body, r)
			delete(add, s.ID)
			continue
		}
		out = AppendSection(out, s.ID, s.Body)
	}
	for _, id := range []byte(order) {
		out = add[id].section(out, id, []byte{0}, r)
	}
	return out, r.Err
}

// section appends a section that has body, with what it gains. The body is read anew,
// by a reader that keeps its first error.
func (a *Addition) section(out []byte, id byte, body []byte, r *Reader) []byte {
	if a == nil || a.count == 0 {
		return out
	}
	r.In, r.Pos = body, 0
	n := r.Count()
	if r.Err != nil {
		return out
	}
	grown := append(AppendU32(nil, uint32(n+a.count)), body[r.Pos:]...)
	return AppendSection(out, id, append(grown, a.body...))
}
