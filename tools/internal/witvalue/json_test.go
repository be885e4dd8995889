package witvalue_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/internal/witvalue"
)

var (
	point  = component.RecordOf("point", component.Field{Name: "x", Type: component.S32}, component.Field{Name: "label", Type: component.OptionOf(component.String)})
	colour = component.EnumOf("colour", "red", "dark-blue")
	shape  = component.VariantOf("shape", component.Case{Name: "none"}, component.Case{Name: "dot", Type: point})
	rights = component.FlagsOf("rights", "read", "write")
)

// everything has some of each kind of type in it.
var everything = component.TupleOf(point, colour, shape, rights, component.ListOf(component.U8), component.F32, component.Char,
	component.ResultOf(component.String, component.U64), component.OptionOf(component.OptionOf(component.Bool)))

func parse(t testing.TB, text string) any {
	t.Helper()
	value, err := witvalue.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

func TestFromJSON(t *testing.T) {
	for _, c := range []struct {
		name string
		typ  *component.Type
		text string
		says string // "" where it fits
	}{
		{"bool", component.Bool, `true`, ""},
		{"no bool", component.Bool, `1`, "true or false"},
		{"u8", component.U8, `255`, ""},
		{"u8 too large", component.U8, `256`, "in range"},
		{"u8 below", component.U8, `-1`, "in range"},
		{"u8 broken", component.U8, `1.5`, "in range"},
		{"s8", component.S8, `-128`, ""},
		{"u64", component.U64, `18446744073709551615`, ""},
		{"u64 too large", component.U64, `18446744073709551616`, "in range"},
		{"s64", component.S64, `-9223372036854775808`, ""},
		{"a number as text", component.U32, `"1"`, "in range"},
		{"f64", component.F64, `1e300`, ""},
		{"f32 too large", component.F32, `1e300`, "in range"},
		{"infinity", component.F32, `"-Infinity"`, ""},
		{"char", component.Char, `"é"`, ""},
		{"two chars", component.Char, `"ab"`, "one character"},
		{"no char", component.Char, `""`, "one character"},
		{"string", component.String, `"ação"`, ""},
		{"enum", colour, `"dark-blue"`, ""},
		{"unknown case", colour, `"green"`, "one of its cases"},
		{"flags", rights, `["write"]`, ""},
		{"flag twice", rights, `["write", "write"]`, "[1]"},
		{"unknown flag", rights, `["run"]`, "[0]"},
		{"bytes", component.ListOf(component.U8), `"AAEC"`, ""},
		{"no base64", component.ListOf(component.U8), `"?"`, "base64"},
		{"bytes as numbers", component.ListOf(component.U8), `[1]`, "base64"},
		{"list", component.ListOf(component.U16), `[1, 2]`, ""},
		{"list, one wrong", component.ListOf(component.U16), `[1, "2"]`, "value[1]"},
		{"tuple", component.TupleOf(component.U8, component.String), `[1, "a"]`, ""},
		{"short tuple", component.TupleOf(component.U8, component.String), `[1]`, "array of 2"},
		{"record", point, `{"x": 1, "label": null}`, ""},
		{"missing field", point, `{"x": 1}`, `lacks the field "label"`},
		{"unknown field", point, `{"x": 1, "label": "a", "y": 2}`, `no field "y"`},
		{"wrong field", point, `{"x": "1", "label": null}`, "value.x"},
		{"case", shape, `{"dot": {"x": 1, "label": "a"}}`, ""},
		{"bare case", shape, `"none"`, ""},
		{"bare case with a value", shape, `{"none": null}`, `want the string "none"`},
		{"case without its value", shape, `"dot"`, "has a value"},
		{"two cases", shape, `{"dot": 1, "none": 2}`, "want"},
		{"no case", shape, `"line"`, `no case "line"`},
		{"result", component.ResultOf(component.U8, nil), `{"ok": 1}`, ""},
		{"bare err", component.ResultOf(component.U8, nil), `"err"`, ""},
		{"option of option", component.OptionOf(component.OptionOf(component.U8)), `{"some": null}`, ""},
		{"option of option, bare", component.OptionOf(component.OptionOf(component.U8)), `1`, "some"},
	} {
		t.Run(c.name, func(t *testing.T) {
			value := parse(t, c.text)
			got, err := witvalue.FromJSON(c.typ, value, "value")
			var wrong *witvalue.JSONError
			switch {
			case c.says == "" && err != nil:
				t.Error(err)
			case c.says != "" && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v, want %q", err, c.says)
			case c.says == "":
				again, err := witvalue.ToJSON(c.typ, got)
				if d := witvalue.DiffJSON(value, again); err != nil || len(d) != 0 {
					t.Errorf("written again: %v, %v", d, err)
				}
			}
		})
	}
}

// Resources have no JSON, wherever they are.
func TestResourcesHaveNoJSON(t *testing.T) {
	handles := component.ListOf(component.OwnOf(&component.Resource{Name: "blob"}))
	if _, err := witvalue.FromJSON(handles, parse(t, `[1]`), "value"); err == nil || !strings.Contains(err.Error(), "has no JSON") {
		t.Errorf("read: %v", err)
	}
	if _, err := witvalue.ToJSON(handles, []any{&component.Handle{}}); err == nil {
		t.Error("written")
	}
}

// An error says where, and repeats no value: a fixture may be made of a real one.
func TestErrorsRepeatNoValue(t *testing.T) {
	_, err := witvalue.FromJSON(colour, parse(t, `"Zuleide"`), "args.name")
	if err == nil || strings.Contains(err.Error(), "Zuleide") || !strings.Contains(err.Error(), "args.name") {
		t.Errorf("got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "{", "1 2", "\"\xff\"", "nul"} {
		if value, err := witvalue.ParseJSON([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, value)
		}
	}
}

func TestDiff(t *testing.T) {
	for _, c := range []struct{ want, got, says string }{
		{`{"a": [1, 2]}`, `{"a": [1, 2]}`, ""},
		{`1.0`, `1`, ""},
		{`18446744073709551615`, `18446744073709551614`, "the result: want 18446744073709551615, got 18446744073709551614"},
		{`{"ok": [{"start": 1}]}`, `{"ok": [{"start": 2}]}`, "ok[0].start: want 1, got 2"},
		{`[1]`, `[1, 2]`, "[1]: want nothing, got 2"},
		{`{"ok": 1}`, `{"err": "x"}`, `err: want nothing, got "x"; ok: want 1, got nothing`},
		{`null`, `{}`, "the result: want null, got {}"},
	} {
		var says []string
		for _, d := range witvalue.DiffJSON(parse(t, c.want), parse(t, c.got)) {
			says = append(says, d.String())
		}
		if got := strings.Join(says, "; "); got != c.says {
			t.Errorf("%s and %s: %q, want %q", c.want, c.got, got, c.says)
		}
	}
	many := make([]any, 100)
	if n := len(witvalue.DiffJSON(many, []any{})); n != 20 {
		t.Errorf("%d differences are listed, want 20", n)
	}
}

// FuzzFromJSON: what is read can be written and read again, and is the same.
func FuzzFromJSON(f *testing.F) {
	f.Add([]byte(`[{"x": 1, "label": null}, "red", "none", [], "AA==", 1.5, "é", {"ok": ""}, null]`))
	f.Add([]byte(`[[[[[]]]]]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := witvalue.ParseJSON(text)
		if err != nil {
			return
		}
		again, err := witvalue.FormatJSON(value)
		if err != nil {
			t.Fatal(err)
		}
		if d := witvalue.DiffJSON(value, parse(t, again)); len(d) != 0 {
			t.Errorf("%q: %v", text, d)
		}
		if v, err := witvalue.FromJSON(everything, value, "value"); err == nil {
			sameAgain(t, v, overJSON(t, everything, v))
		}
	})
}
