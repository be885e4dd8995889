package roundtrip_test

import (
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/host"
	"github.com/hygia-suite/hygia/pkg/wit/validation"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/aged"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/calls"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/kinds"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/things"
)

// cases holds how many cases an enum, and how many flags a flags type has.
var cases = map[reflect.Type]int{
	reflect.TypeFor[kinds.Stage]():                     3,
	reflect.TypeFor[kinds.Single]():                    1,
	reflect.TypeFor[kinds.TakenCase]():                 3,
	reflect.TypeFor[aged.Unit]():                       2, //nolint:staticcheck // deprecated, as it should be
	reflect.TypeFor[calls.Refusal]():                   2,
	reflect.TypeFor[calls.Level]():                     2,
	reflect.TypeFor[things.Level]():                    2,
	reflect.TypeFor[things.KeeperConsoleExportLevel](): 2,
	reflect.TypeFor[document.EntryKind]():              2,
	reflect.TypeFor[content.SourceStatus]():            7,
	reflect.TypeFor[host.Level]():                      4,
	reflect.TypeFor[host.Method]():                     6,
	reflect.TypeFor[host.Failure]():                    10,
	reflect.TypeFor[validation.Severity]():             3,
	reflect.TypeFor[validation.Field]():                6,
	reflect.TypeFor[anonymization.Identifier]():        6,
	reflect.TypeFor[audit.Action]():                    5,
	reflect.TypeFor[audit.Phase]():                     2,
	reflect.TypeFor[audit.Outcome]():                   4,
}

var flagsOf = map[reflect.Type]int{
	reflect.TypeFor[kinds.Rights](): 3,
	reflect.TypeFor[kinds.Eight]():  8,
	reflect.TypeFor[kinds.Nine]():   9,
	reflect.TypeFor[calls.Faults](): 2,
}

// variants holds the cases of each variant.
var variants = map[reflect.Type][]reflect.Type{
	reflect.TypeFor[kinds.Choice](): {
		reflect.TypeFor[kinds.ChoiceNothing](), reflect.TypeFor[kinds.ChoiceTruth](),
		reflect.TypeFor[kinds.ChoiceTiny](), reflect.TypeFor[kinds.ChoiceCharacter](),
		reflect.TypeFor[kinds.ChoiceText](), reflect.TypeFor[kinds.ChoiceStage](),
		reflect.TypeFor[kinds.ChoiceRights](), reflect.TypeFor[kinds.ChoiceRecord](),
		reflect.TypeFor[kinds.ChoiceMany](), reflect.TypeFor[kinds.ChoiceNames](),
		reflect.TypeFor[kinds.ChoiceMaybe](), reflect.TypeFor[kinds.ChoicePair](),
		reflect.TypeFor[kinds.ChoiceOutcome](),
	},
	reflect.TypeFor[kinds.Bulk](): {reflect.TypeFor[kinds.BulkBody](), reflect.TypeFor[kinds.BulkMany]()},
	reflect.TypeFor[kinds.Bare](): {reflect.TypeFor[kinds.BareLeft](), reflect.TypeFor[kinds.BareRight]()},
	reflect.TypeFor[kinds.KindsOfKind](): {
		reflect.TypeFor[kinds.KindsOfKindKind](), reflect.TypeFor[kinds.KindsOfKindOther](),
	},
	reflect.TypeFor[calls.WorkerError](): {
		reflect.TypeFor[calls.WorkerErrorBusy](),
		reflect.TypeFor[calls.WorkerErrorTooMany](),
		reflect.TypeFor[calls.WorkerErrorBelow](),
		reflect.TypeFor[calls.WorkerErrorBecause](),
		reflect.TypeFor[calls.WorkerErrorOrder](),
		reflect.TypeFor[calls.WorkerErrorStage](),
	},
	reflect.TypeFor[things.StoreError](): {
		reflect.TypeFor[things.StoreErrorNotFound](),
		reflect.TypeFor[things.StoreErrorTooLarge](),
	},
	reflect.TypeFor[content.ImportError](): {
		reflect.TypeFor[content.ImportErrorUnreadable](),
		reflect.TypeFor[content.ImportErrorNotThisFormat](),
		reflect.TypeFor[content.ImportErrorMalformed](),
		reflect.TypeFor[content.ImportErrorTooLarge](),
		reflect.TypeFor[content.ImportErrorForbidden](),
	},
	reflect.TypeFor[content.RenderError](): {
		reflect.TypeFor[content.RenderErrorUnknownBlock](),
		reflect.TypeFor[content.RenderErrorInvalidAttribute](),
		reflect.TypeFor[content.RenderErrorTooLarge](),
	},
	reflect.TypeFor[anonymization.DetectError](): {
		reflect.TypeFor[anonymization.DetectErrorTooLarge](),
	},
	reflect.TypeFor[anonymization.TransformError](): {
		reflect.TypeFor[anonymization.TransformErrorTooLarge](),
		reflect.TypeFor[anonymization.TransformErrorInvalidSpan](),
		reflect.TypeFor[anonymization.TransformErrorInvalidRule](),
	},
	reflect.TypeFor[audit.FormatError](): {
		reflect.TypeFor[audit.FormatErrorInvalid](),
	},
	reflect.TypeFor[validation.ValidationError](): {
		reflect.TypeFor[validation.ValidationErrorTooLarge](),
	},
	reflect.TypeFor[anonymization.Action](): {
		reflect.TypeFor[anonymization.ActionKeep](), reflect.TypeFor[anonymization.ActionRemove](),
		reflect.TypeFor[anonymization.ActionLabel](), reflect.TypeFor[anonymization.ActionMask](),
	},
}

// arbitrary draws a value of any generated type.
func arbitrary[T any](t *rapid.T) T {
	var v T
	fill(t, reflect.ValueOf(&v).Elem(), "value")
	return v
}

// fill sets a value, which is named for the sake of the few whose type does not
// say what they are: a char is an int32 to Go, and an option of a variant has
// the variant's type.
func fill(t *rapid.T, v reflect.Value, name string) {
	switch {
	case cases[v.Type()] > 0:
		v.SetUint(uint64(rapid.IntRange(1, cases[v.Type()]).Draw(t, name)))
		return
	case flagsOf[v.Type()] > 0:
		v.SetUint(rapid.Uint64Range(0, 1<<flagsOf[v.Type()]-1).Draw(t, name))
		return
	case v.Kind() == reflect.Int32 && slices.Contains(characters, name):
		v.SetInt(int64(rapid.Rune().Draw(t, name)))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case reflect.String:
		v.SetString(rapid.String().Draw(t, name))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.Uint64Range(0, 1<<v.Type().Bits()-1).Draw(t, name))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		least := int64(-1) << (v.Type().Bits() - 1)
		v.SetInt(rapid.Int64Range(least, -(least+1)).Draw(t, name))
	case reflect.Float32:
		v.SetFloat(float64(rapid.Float32().Draw(t, name)))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, name))
	case reflect.Struct:
		fillStruct(t, v, name)
	case reflect.Slice:
		fillSlice(t, v, name)
	case reflect.Pointer:
		if rapid.Bool().Draw(t, name+" is there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), name)
		}
	case reflect.Interface:
		fillVariant(t, v, name)
	default:
		t.Fatalf("no values of %s", v.Type())
	}
}

// characters are the fields and cases that hold chars.
var characters = []string{"Character", "Characters", "Deepest", "ChoiceCharacter"}

func fillStruct(t *rapid.T, v reflect.Value, name string) {
	if failed := v.FieldByName("Failed"); failed.IsValid() {
		fillResult(t, v, failed, name)
		return
	}
	for i := range v.NumField() {
		field := v.Type().Field(i).Name
		if field == "Value" || len(field) == 2 && field[0] == 'F' {
			field = name // A case or tuple: what holds it has the telling name.
		}
		fill(t, v.Field(i), field)
	}
}

// fillResult sets one side of a result, as its bearer would.
func fillResult(t *rapid.T, v, failed reflect.Value, name string) {
	failed.SetBool(rapid.Bool().Draw(t, name+" failed"))
	side := "OK"
	if failed.Bool() {
		side = "Err"
	}
	fill(t, v.FieldByName(side), name)
}

// fillSlice leaves a list without elements nil, as lifting does.
func fillSlice(t *rapid.T, v reflect.Value, name string) {
	n := rapid.IntRange(0, 3).Draw(t, "elements of "+name)
	if n == 0 {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		fill(t, v.Index(i), name)
	}
}

// optional are the fields that hold an option of a variant, which may be nil.
var optional = []string{"Choice", "NestedChoice"}

func fillVariant(t *rapid.T, v reflect.Value, name string) {
	of := variants[v.Type()]
	if of == nil {
		t.Fatalf("no cases of %s", v.Type())
	}
	if slices.Contains(optional, name) && rapid.Bool().Draw(t, name+" is none") {
		return
	}
	chosen := reflect.New(rapid.SampledFrom(of).Draw(t, "case of "+name)).Elem()
	fill(t, chosen, chosen.Type().Name())
	v.Set(chosen)
}
