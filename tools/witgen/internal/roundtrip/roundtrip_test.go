package roundtrip_test

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"

	"github.com/hygia-suite/hygia/tools/internal/echotest"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/calls"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/kinds"
	kindsv1 "github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/pb/test/kinds/v1"
)

// Each value that is lowered into a component, which gives it back, and lifted
// out of it is what it was.
func TestValuesSurviveComponents(t *testing.T) {
	engine := newEngine(t)
	t.Run("primitives", overComponent(engine, kinds.PrimitivesType, lowerBy[kinds.Primitives], kinds.LiftPrimitives))
	t.Run("stage", overComponent(engine, kinds.StageType, lowerBy[kinds.Stage], kinds.LiftStage))
	t.Run("single", overComponent(engine, kinds.SingleType, lowerBy[kinds.Single], kinds.LiftSingle))
	t.Run("rights", overComponent(engine, kinds.RightsType, lowerBy[kinds.Rights], kinds.LiftRights))
	t.Run("eight", overComponent(engine, kinds.EightType, lowerBy[kinds.Eight], kinds.LiftEight))
	t.Run("nine", overComponent(engine, kinds.NineType, lowerBy[kinds.Nine], kinds.LiftNine))
	t.Run("choice", overComponent(engine, kinds.ChoiceType, kinds.LowerChoice, kinds.LiftChoice))
	t.Run("bare", overComponent(engine, kinds.BareType, kinds.LowerBare, kinds.LiftBare))
	t.Run("lists", overComponent(engine, kinds.ListsType, lowerBy[kinds.Lists], kinds.LiftLists))
	t.Run("options", overComponent(engine, kinds.OptionsType, lowerBy[kinds.Options], kinds.LiftOptions))
	t.Run("compositions", overComponent(engine, kinds.CompositionsType, lowerBy[kinds.Compositions], kinds.LiftCompositions))
	t.Run("bulks", overComponent(engine, kinds.BulksType, lowerBy[kinds.Bulks], kinds.LiftBulks))
	t.Run("bulk", overComponent(engine, kinds.BulkType, kinds.LowerBulk, kinds.LiftBulk))
	t.Run("taken case", overComponent(engine, kinds.TakenCaseType, lowerBy[kinds.TakenCase], kinds.LiftTakenCase))
	t.Run("taken", overComponent(engine, kinds.TakenType, lowerBy[kinds.Taken], kinds.LiftTaken))
	t.Run("order", overComponent(engine, calls.OrderType, lowerBy[calls.Order], calls.LiftOrder))

	t.Run("document", overComponent(engine, document.DocumentType, lowerBy[document.Document], document.LiftDocument))
	t.Run("finding", overComponent(engine, validation.FindingType, lowerBy[validation.Finding], validation.LiftFinding))
	t.Run("policy", overComponent(engine, anonymization.PolicyType, lowerBy[anonymization.Policy], anonymization.LiftPolicy))
	t.Run("event", overComponent(engine, audit.EventType, lowerBy[audit.Event], audit.LiftEvent))
}

func lowerBy[T interface{ Lower(*component.Encoder) }](enc *component.Encoder, v T) { v.Lower(enc) }

func newEcho(t *testing.T, engine *component.Engine, of *component.Type) *echotest.Echo {
	t.Helper()
	e, err := echotest.New(t.Context(), engine, of)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func overComponent[T any](engine *component.Engine, of *component.Type, lower func(*component.Encoder, T), lift func(*component.Decoder) T) func(*testing.T) {
	return func(t *testing.T) {
		e := newEcho(t, engine, of)
		rapid.Check(t, func(rt *rapid.T) {
			want := arbitrary[T](rt)
			var got T
			err := e.Call(t.Context(),
				func(enc *component.Encoder) { lower(enc, want) },
				func(dec *component.Decoder) { got = lift(dec) })
			if err != nil {
				rt.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				rt.Fatalf("got %#v\nwant %#v", got, want)
			}
		})
	}
}

// What is no case or flag does not reach a guest.
func TestNoCaseIsLowered(t *testing.T) {
	engine := newEngine(t)
	for _, row := range []struct {
		name  string
		of    *component.Type
		lower func(*component.Encoder)
	}{
		{"enum that nobody set", kinds.StageType, kinds.Stage(0).Lower},
		{"enum above its cases", kinds.StageType, kinds.Stage(4).Lower},
		{"flags above its own", kinds.RightsType, kinds.Rights(8).Lower},
		{"variant that nobody set", kinds.ChoiceType, func(enc *component.Encoder) { kinds.LowerChoice(enc, nil) }},
		{"pointer to a case", kinds.ChoiceType, func(enc *component.Encoder) { kinds.LowerChoice(enc, new(kinds.ChoiceTruth)) }},
		{"variant inside", anonymization.RuleType, anonymization.Rule{Identifier: anonymization.IdentifierCPF}.Lower},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := newEcho(t, engine, row.of)
			err := e.Call(t.Context(), row.lower, func(*component.Decoder) { t.Error("the guest was called") })
			var value *component.ValueError
			if !errors.As(err, &value) {
				t.Errorf("got %v, want a *component.ValueError", err)
			}
		})
	}
}

// An enum from which a case is gone keeps the numbers of the others, and refuses
// that of the one that is.
func TestNumbersOfAnEnumStay(t *testing.T) {
	numbers := map[kinds.TakenCase]int32{
		kinds.TakenCaseTypeCase: 1, kinds.TakenCaseProtoCase: 4, kinds.TakenCaseFromProtoCase: 3,
	}
	for c, want := range numbers {
		got, err := kinds.TakenCaseFromProto(c.Proto())
		if int32(c.Proto()) != want || got != c || err != nil {
			t.Errorf("%s: number %d, want %d; back again %s, %v", c, c.Proto(), want, got, err)
		}
	}
	if n := kinds.TakenCase(0).Proto(); n != 0 {
		t.Errorf("no case has the number %d", n)
	}
	for n, want := range map[int32]string{0: "message is not set", 2: "message is out of range", 5: "message is out of range"} {
		if _, err := kinds.TakenCaseFromProto(kindsv1.TakenCase(n)); err == nil || err.Error() != want {
			t.Errorf("%d: got %v, want %s", n, err, want)
		}
	}
}
