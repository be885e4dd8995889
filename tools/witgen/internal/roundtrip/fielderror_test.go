package roundtrip_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/hygia-suite/hygia/pkg/wit"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/kinds"
	kindsv1 "github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/pb/test/kinds/v1"
)

// A message that no value mirrors is refused by the path of its first fault.
func TestMessagesThatMirrorNothing(t *testing.T) {
	keep := &anonymizationv1.Action{Kind: &anonymizationv1.Action_Keep{Keep: &emptypb.Empty{}}}
	for _, row := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", second(document.DocumentFromProto(nil)), "message is not set"},
		{"enum not set", second(document.DocumentFromProto(&documentv1.Document{})), "kind is not set"},
		{"enum unknown", second(document.DocumentFromProto(&documentv1.Document{Kind: 3})), "kind is out of range"},
		{"enum negative", second(document.DocumentFromProto(&documentv1.Document{Kind: -1})), "kind is out of range"},
		{"nil in a list", second(document.DocumentFromProto(&documentv1.Document{
			Kind: documentv1.EntryKind_ENTRY_KIND_PAGE, Authors: []*documentv1.Author{{}, nil},
		})), "authors[1] is not set"},
		{"deep", second(validation.FindingFromProto(&validationv1.Finding{
			Severity: validationv1.Severity_SEVERITY_INFO, Location: &validationv1.Location{Field: 99},
		})), "location.field is out of range"},
		{"message not set", second(validation.FindingFromProto(&validationv1.Finding{
			Severity: validationv1.Severity_SEVERITY_INFO,
		})), "location is not set"},
		{"u8", second(anonymization.SpanFromProto(&anonymizationv1.Span{
			Identifier: anonymizationv1.Identifier_IDENTIFIER_CPF, Confidence: 256,
		})), "confidence is out of range"},
		{"oneof not set", second(anonymization.PolicyFromProto(&anonymizationv1.Policy{
			Rules: []*anonymizationv1.Rule{
				{Identifier: anonymizationv1.Identifier_IDENTIFIER_CPF, Action: keep},
				{Identifier: anonymizationv1.Identifier_IDENTIFIER_CNS, Action: &anonymizationv1.Action{}},
			},
			Fallback: keep,
		})), "rules[1].action is not set"},
		{"u8 in a oneof", second(anonymization.ActionFromProto(&anonymizationv1.Action{
			Kind: &anonymizationv1.Action_Mask{Mask: 1 << 31},
		})), "mask is out of range"},
		{"event", second(audit.EventFromProto(&auditv1.Event{Action: 1, Phase: 1, Outcome: 1, Objects: []*auditv1.Object{nil}})),
			"objects[0] is not set"},
		{"s8 below", second(kinds.PrimitivesFromProto(&kindsv1.Primitives{Character: "x", SignedTiny: -129})), "signed_tiny is out of range"},
		{"s16 above", second(kinds.PrimitivesFromProto(&kindsv1.Primitives{Character: "x", SignedSmall: 1 << 15})), "signed_small is out of range"},
		{"no character", second(kinds.PrimitivesFromProto(&kindsv1.Primitives{})), "character is not one character"},
		{"two characters", second(kinds.PrimitivesFromProto(&kindsv1.Primitives{Character: "ab"})), "character is not one character"},
		{"broken character", second(kinds.PrimitivesFromProto(&kindsv1.Primitives{Character: "\xff"})), "character is not one character"},
		{"flags", second(kinds.RightsFromProto(nil)), "message is not set"},
		{"lists in lists", second(kinds.ListsFromProto(&kindsv1.Lists{
			Cube: []*kindsv1.Lists_CubeList{{Value: []*kindsv1.Lists_CubeList_ValueList{{Value: []kindsv1.Stage{1, 9}}}}},
		})), "cube[0].value[0].value[1] is out of range"},
		{"optional enum", second(kinds.OptionsFromProto(&kindsv1.Options{Stage: kindsv1.Stage(0).Enum()})), "stage is not set"},
		{"variant in an option", second(kinds.OptionsFromProto(&kindsv1.Options{Choice: &kindsv1.Choice{}})), "choice is not set"},
	} {
		var field *wit.FieldError
		if !errors.As(row.err, &field) || row.err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", row.name, row.err, row.want)
		}
	}
}

func second(_ any, err error) error { return err }
