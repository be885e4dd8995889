package roundtrip_test

import (
	"math"

	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"
)

// draw fills a message at random. A whole one mirrors a value whatever its type: it
// lacks nothing that some value would have, its numbers fit every integer of WIT, and
// its strings are one character, which is what a char is. Any other may lack
// anything and hold any number and string.
func draw(t *rapid.T, m protoreflect.Message, whole bool) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.ContainingOneof() == nil || f.HasOptionalKeyword() {
			drawField(t, m, f, whole)
		}
	}
	oneofs := m.Descriptor().Oneofs()
	for i := range oneofs.Len() {
		members := oneofs.Get(i).Fields()
		if oneofs.Get(i).IsSynthetic() || !whole && rapid.Bool().Draw(t, "no member") {
			continue
		}
		f := members.Get(rapid.IntRange(0, members.Len()-1).Draw(t, "member"))
		m.Set(f, drawValue(t, m.NewField(f), f, whole))
	}
}

func drawField(t *rapid.T, m protoreflect.Message, f protoreflect.FieldDescriptor, whole bool) {
	switch {
	case f.IsList():
		list := m.Mutable(f).List()
		for range rapid.IntRange(0, 2).Draw(t, "elements") {
			list.Append(drawValue(t, list.NewElement(), f, whole))
		}
	case whole && !f.HasOptionalKeyword() || rapid.Bool().Draw(t, string(f.Name())):
		m.Set(f, drawValue(t, m.NewField(f), f, whole))
	}
}

// drawValue gives a value of a field, or of one of its elements; fresh is a new one.
func drawValue(t *rapid.T, fresh protoreflect.Value, f protoreflect.FieldDescriptor, whole bool) protoreflect.Value {
	name := string(f.Name())
	least, most := int64(math.MinInt64), uint64(math.MaxUint64)
	if whole {
		least, most = 0, math.MaxInt8
	}
	switch f.Kind() {
	case protoreflect.MessageKind:
		draw(t, fresh.Message(), whole)
		return fresh
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		if whole { // The first is unspecified.
			return protoreflect.ValueOfEnum(values.Get(rapid.IntRange(1, values.Len()-1).Draw(t, name)).Number())
		}
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.IntRange(-1, values.Len()+1).Draw(t, name)))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, name))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(rapid.Uint64Range(0, min(most, math.MaxUint32)).Draw(t, name)))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64Range(0, most).Draw(t, name))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(rapid.Int64Range(max(least, math.MinInt32), int64(min(most, math.MaxInt32))).Draw(t, name)))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64Range(least, int64(min(most, math.MaxInt64))).Draw(t, name))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(rapid.Float32().Draw(t, name))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.Float64().Draw(t, name))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOf(rapid.Byte()).Draw(t, name))
	case protoreflect.StringKind:
		if whole {
			return protoreflect.ValueOfString(string(rapid.Rune().Draw(t, name)))
		}
		return protoreflect.ValueOfString(rapid.String().Draw(t, name))
	default:
		t.Fatalf("%s: no values of kind %s", f.FullName(), f.Kind())
		return fresh
	}
}
