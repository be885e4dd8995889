package component

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// describeMax bounds the description of a component's imports and exports, in
// bytes: types are written out in full, which lets a small component describe
// a type of any size.
const describeMax = 4 << 20

// itemKind says what an import or export is: the values of
// WASMTIME_COMPONENT_ITEM_*.
type itemKind uint8

const (
	itemInstance itemKind = 1
	itemFunc     itemKind = 3
	itemResource itemKind = 4
	itemType     itemKind = 6
)

// decl is an import or an export as the component declares it.
type decl struct {
	name  string
	kind  itemKind
	sig   Signature // of a function
	async bool
	// direct, of an exported function: how the host calls it itself, nil where wasmtime does.
	direct *lane.Direct
	inner  []decl    // of an instance
	res    *Resource // of a resource: one for each type, wherever it is named
}

// description is what a component declares.
type description struct {
	imports, exports []decl
	resources        []*Resource // in C's order
	imported         int         // how many of them are the imports'
}

// items flattens declarations to functions; an instance without any gives one
// item without a name.
func items(ds []decl) []Item {
	var out []Item
	for _, d := range ds {
		switch d.kind {
		case itemFunc:
			out = append(out, Item{Name: d.name, Signature: d.sig})
		case itemType, itemResource:
		default:
			out = append(out, innerItems(d)...)
		}
	}
	return out
}

func innerItems(d decl) []Item {
	var out []Item
	for _, f := range d.inner {
		if f.kind == itemFunc {
			out = append(out, Item{Interface: d.name, Name: f.name, Signature: f.sig})
		}
	}
	if out == nil {
		out = []Item{{Interface: d.name}}
	}
	return out
}

// descriptionReader reads what describe.c wrote. The first error sticks.
type descriptionReader struct {
	buf       []byte
	depth     int
	resources []*Resource
	takes     takes
	err       error
}

// depthMax bounds how deep types and instances lie in each other, as describe.c
// does.
const depthMax = 200

// deeper counts a level, and fails at one too many. Its result undoes it.
func (r *descriptionReader) deeper() func() {
	if r.depth++; r.depth > depthMax {
		r.err = errDescription
	}
	return func() { r.depth-- }
}

var errDescription = errors.New("component: malformed description")

// read reads what describe.c wrote of the component as it is now, and returns its
// types as they were.
func (s source) read(now []byte) (description, error) {
	d, err := readDescription(now, takes{})
	if err != nil {
		return d, err
	}
	if s.slow != nil {
		return s.expose(d, now)
	}
	was, err := readDescription(s.types, takes{text: s.text, lists: true})
	if err != nil {
		return description{}, err
	}
	if !agree(was.imports, d.imports) || !agree(was.exports, d.exports) || !s.mark(was.exports) {
		return description{}, &CompileError{Reason: "lane: its types are not those that were to be made of the component's"}
	}
	return was, nil
}

// expose returns d, whose types stayed as they were, with the exports that the host
// calls itself: their values take the lane, which those of no other function do.
func (s source) expose(d description, now []byte) (description, error) {
	if len(s.direct) == 0 {
		return d, nil
	}
	near, err := readDescription(now, takes{text: s.text, lists: true})
	if err != nil {
		return description{}, err
	}
	if !s.mark(near.exports) {
		return description{}, &CompileError{Reason: "lane: the functions to be called are not what the component exports"}
	}
	for i, e := range near.exports {
		if e.direct != nil {
			d.exports[i] = e
		}
		for j, f := range e.inner {
			if f.direct != nil {
				d.exports[i].inner[j] = f
			}
		}
	}
	return d, nil
}

// mark notes which of a component's exports the host calls itself, and reports whether
// it can: otherwise what they take or give would be taken for something else.
func (s source) mark(exports []decl) bool {
	can := true
	note := func(d *decl, direct *lane.Direct) {
		d.direct = direct
		can = can && (direct == nil || d.sig.isNumbers())
	}
	direct := make(map[string]*lane.Direct, len(s.direct))
	for i, d := range s.direct {
		direct[lane.Qualified(d.Interface, d.Name)] = &s.direct[i]
	}
	for i, e := range exports {
		if e.kind == itemFunc {
			note(&exports[i], direct[lane.Qualified("", e.name)])
		}
		for j, f := range e.inner {
			if e.kind == itemInstance && f.kind == itemFunc {
				note(&e.inner[j], direct[lane.Qualified(e.name, f.name)])
			}
		}
	}
	return can
}

// takes says what takes the lane.
type takes struct{ text, lists bool }

// readDescription reads what describe.c wrote of a component.
func readDescription(b []byte, takes takes) (description, error) {
	r := &descriptionReader{buf: b, takes: takes}
	var d description
	d.imports = r.decls("")
	d.imported = len(r.resources)
	d.exports = r.decls("")
	d.resources = r.resources
	if r.err == nil && len(r.buf) != 0 {
		r.err = errDescription
	}
	if r.err != nil {
		return description{}, r.err
	}
	return d, nil
}

func (r *descriptionReader) next(n int) []byte {
	if r.err != nil || n > len(r.buf) {
		r.err = errDescription
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *descriptionReader) byte() byte {
	if b := r.next(1); b != nil {
		return b[0]
	}
	return 0
}

// count reads a number of things that take a byte or more each.
func (r *descriptionReader) count() int {
	n := r.number()
	if n > len(r.buf) {
		r.err = errDescription
		return 0
	}
	return n
}

func (r *descriptionReader) text() string { return string(r.next(r.count())) }

// decls reads what iface declares, or the component itself.
func (r *descriptionReader) decls(iface string) []decl {
	defer r.deeper()()
	n := r.count()
	ds := make([]decl, 0, min(n, 1024))
	for range n {
		if r.err != nil {
			return nil
		}
		d := decl{name: r.text(), kind: itemKind(r.byte())}
		switch d.kind {
		case itemInstance:
			d.inner = r.decls(d.name)
		case itemFunc:
			d.async = r.byte() != 0
			d.sig.Params = r.fields()
			d.sig.Result = r.maybeType()
		case itemResource:
			d.res = r.resource()
			if d.res.Name == "" { // others that name it only use it
				d.res.Interface, d.res.Name = iface, d.name
			}
		}
		ds = append(ds, d)
	}
	return ds
}

// number reads any number.
func (r *descriptionReader) number() int {
	if b := r.next(4); b != nil {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// resource reads which of the component's resources is meant.
func (r *descriptionReader) resource() *Resource {
	n := r.number()
	if n > len(r.resources) {
		r.err = errDescription
	}
	if r.err != nil {
		return &Resource{}
	}
	if n == len(r.resources) {
		r.resources = append(r.resources, &Resource{})
	}
	return r.resources[n]
}

func (r *descriptionReader) fields() []Field {
	var fs []Field
	for range r.count() {
		if r.err != nil {
			return nil
		}
		fs = append(fs, Field{Name: r.text(), Type: r.typ()})
	}
	return fs
}

func (r *descriptionReader) maybeType() *Type {
	if r.byte() == 0 {
		return nil
	}
	return r.typ()
}

// primitive returns the type of a kind that has no parts, or nil.
func primitive(k Kind) *Type {
	types := [...]*Type{
		KindBool: Bool, KindS8: S8, KindU8: U8, KindS16: S16, KindU16: U16, KindS32: S32, KindU32: U32,
		KindS64: S64, KindU64: U64, KindF32: F32, KindF64: F64, KindChar: Char, KindString: String,
	}
	if int(k) < len(types) {
		return types[k]
	}
	return nil
}

func (r *descriptionReader) typ() *Type {
	defer r.deeper()()
	k := Kind(r.byte())
	if r.err != nil {
		return Bool
	}
	if k == KindString && r.takes.text {
		return &Type{kind: k, lane: true}
	}
	if t := primitive(k); t != nil {
		return t
	}
	return r.compound(k)
}

func (r *descriptionReader) compound(k Kind) *Type {
	switch k {
	case KindList:
		t := ListOf(r.typ())
		t.lane = r.takes.lists && t.elems[0].isNumbers()
		return t
	case KindOption:
		return OptionOf(r.typ())
	case KindResult:
		ok := r.maybeType()
		return ResultOf(ok, r.maybeType())
	case KindTuple:
		return TupleOf(r.types()...)
	case KindRecord:
		return RecordOf("", r.fields()...)
	case KindVariant:
		return VariantOf("", r.cases()...)
	case KindEnum:
		return EnumOf("", r.texts()...)
	case KindFlags:
		return FlagsOf("", r.texts()...)
	case KindOwn:
		return OwnOf(r.resource())
	case KindBorrow:
		return BorrowOf(r.resource())
	case KindUnsupported:
		return unsupported(valtypeName(r.byte()))
	}
	r.err = errDescription
	return Bool
}

func (r *descriptionReader) types() []*Type {
	var ts []*Type
	for range r.count() {
		if r.err != nil {
			return nil
		}
		ts = append(ts, r.typ())
	}
	return ts
}

func (r *descriptionReader) cases() []Case {
	var cs []Case
	for range r.count() {
		if r.err != nil {
			return nil
		}
		cs = append(cs, Case{Name: r.text(), Type: r.maybeType()})
	}
	return cs
}

func (r *descriptionReader) texts() []string {
	var ss []string
	for range r.count() {
		if r.err != nil {
			return nil
		}
		ss = append(ss, r.text())
	}
	return ss
}

// valtypeName names a WASMTIME_COMPONENT_VALTYPE_* that cannot cross.
func valtypeName(k byte) string {
	const first = 23
	names := [...]string{"future", "stream", "error-context", "map"}
	if k >= first && int(k-first) < len(names) {
		return names[k-first]
	}
	return fmt.Sprintf("type %d", k)
}
