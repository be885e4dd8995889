package roundtrip_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/wit"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/host"
	"github.com/hygia-suite/hygia/pkg/wit/validation"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/aged"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/calls"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/kinds"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/nestedv0_1_0"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/nestedv0_2_0"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/things"
)

// conversion is how a type becomes a message or an enum's value, and back.
type conversion struct {
	// name is that of the Go type, with its package.
	name string
	// values tries it from values, messages from messages.
	values, messages func(*testing.T)
}

// conversions are those of every type that is mirrored.
func conversions() []conversion {
	return []conversion{
		enum("aged.Unit", aged.Unit.Proto, aged.UnitFromProto),       //nolint:staticcheck // deprecated, as it should be
		message("aged.Count", aged.Count.Proto, aged.CountFromProto), //nolint:staticcheck // deprecated, as it should be

		enum("calls.Refusal", calls.Refusal.Proto, calls.RefusalFromProto),
		enum("calls.Level", calls.Level.Proto, calls.LevelFromProto),
		message("calls.Order", calls.Order.Proto, calls.OrderFromProto),
		message("calls.WorkerError", calls.WorkerErrorProto, calls.WorkerErrorFromProto),
		message("calls.Complaint", calls.Complaint.Proto, calls.ComplaintFromProto),
		message("calls.Faults", calls.Faults.Proto, calls.FaultsFromProto),
		message("calls.OrderNote", calls.OrderNote.Proto, calls.OrderNoteFromProto),
		message("calls.OnlyTypesOrder", calls.OnlyTypesOrder.Proto, calls.OnlyTypesOrderFromProto),

		enum("kinds.Stage", kinds.Stage.Proto, kinds.StageFromProto),
		enum("kinds.Single", kinds.Single.Proto, kinds.SingleFromProto),
		enum("kinds.TakenCase", kinds.TakenCase.Proto, kinds.TakenCaseFromProto),
		message("kinds.Primitives", kinds.Primitives.Proto, kinds.PrimitivesFromProto),
		message("kinds.Rights", kinds.Rights.Proto, kinds.RightsFromProto),
		message("kinds.Eight", kinds.Eight.Proto, kinds.EightFromProto),
		message("kinds.Nine", kinds.Nine.Proto, kinds.NineFromProto),
		message("kinds.Choice", kinds.ChoiceProto, kinds.ChoiceFromProto),
		message("kinds.Bare", kinds.BareProto, kinds.BareFromProto),
		message("kinds.KindsOfKind", kinds.KindsOfKindProto, kinds.KindsOfKindFromProto),
		message("kinds.Lists", kinds.Lists.Proto, kinds.ListsFromProto),
		message("kinds.Options", kinds.Options.Proto, kinds.OptionsFromProto),
		message("kinds.Compositions", kinds.Compositions.Proto, kinds.CompositionsFromProto),
		message("kinds.Bulks", kinds.Bulks.Proto, kinds.BulksFromProto),
		message("kinds.Bulk", kinds.BulkProto, kinds.BulkFromProto),
		message("kinds.Taken", kinds.Taken.Proto, kinds.TakenFromProto),

		message("nestedv0_1_0.Mark", nestedv0_1_0.Mark.Proto, nestedv0_1_0.MarkFromProto),

		message("nestedv0_2_0.Mark", nestedv0_2_0.Mark.Proto, nestedv0_2_0.MarkFromProto),

		enum("things.Level", things.Level.Proto, things.LevelFromProto),
		enum("things.KeeperConsoleExportLevel", things.KeeperConsoleExportLevel.Proto, things.KeeperConsoleExportLevelFromProto),
		message("things.StoreError", things.StoreErrorProto, things.StoreErrorFromProto),
		message("things.Queue", things.Queue.Proto, things.QueueFromProto),
		message("things.Stamp", things.Stamp.Proto, things.StampFromProto),
		message("things.Ping", things.Ping.Proto, things.PingFromProto),
		message("things.RenamedImportsPing", things.RenamedImportsPing.Proto, things.RenamedImportsPingFromProto),

		enum("anonymization.Identifier", anonymization.Identifier.Proto, anonymization.IdentifierFromProto),
		message("anonymization.Span", anonymization.Span.Proto, anonymization.SpanFromProto),
		message("anonymization.Action", anonymization.ActionProto, anonymization.ActionFromProto),
		message("anonymization.Rule", anonymization.Rule.Proto, anonymization.RuleFromProto),
		message("anonymization.Policy", anonymization.Policy.Proto, anonymization.PolicyFromProto),
		message("anonymization.Replacement", anonymization.Replacement.Proto, anonymization.ReplacementFromProto),
		message("anonymization.Transformed", anonymization.Transformed.Proto, anonymization.TransformedFromProto),
		message("anonymization.DetectError", anonymization.DetectErrorProto, anonymization.DetectErrorFromProto),
		message("anonymization.TransformError", anonymization.TransformErrorProto, anonymization.TransformErrorFromProto),

		enum("audit.Action", audit.Action.Proto, audit.ActionFromProto),
		enum("audit.Phase", audit.Phase.Proto, audit.PhaseFromProto),
		enum("audit.Outcome", audit.Outcome.Proto, audit.OutcomeFromProto),
		message("audit.Object", audit.Object.Proto, audit.ObjectFromProto),
		message("audit.Event", audit.Event.Proto, audit.EventFromProto),
		message("audit.FormatError", audit.FormatErrorProto, audit.FormatErrorFromProto),

		enum("content.SourceStatus", content.SourceStatus.Proto, content.SourceStatusFromProto),
		message("content.Omission", content.Omission.Proto, content.OmissionFromProto),
		message("content.Position", content.Position.Proto, content.PositionFromProto),
		message("content.ImportError", content.ImportErrorProto, content.ImportErrorFromProto),
		message("content.SourceAuthor", content.SourceAuthor.Proto, content.SourceAuthorFromProto),
		message("content.Term", content.Term.Proto, content.TermFromProto),
		message("content.Summary", content.Summary.Proto, content.SummaryFromProto),
		message("content.SourceEntry", content.SourceEntry.Proto, content.SourceEntryFromProto),
		message("content.Item", content.Item.Proto, content.ItemFromProto),
		message("content.Page", content.Page.Proto, content.PageFromProto),
		message("content.Block", content.Block.Proto, content.BlockFromProto),
		message("content.Setting", content.Setting.Proto, content.SettingFromProto),
		message("content.RenderError", content.RenderErrorProto, content.RenderErrorFromProto),

		enum("document.EntryKind", document.EntryKind.Proto, document.EntryKindFromProto),
		message("document.Credential", document.Credential.Proto, document.CredentialFromProto),
		message("document.Author", document.Author.Proto, document.AuthorFromProto),
		message("document.Document", document.Document.Proto, document.DocumentFromProto),

		enum("host.Level", host.Level.Proto, host.LevelFromProto),
		enum("host.Method", host.Method.Proto, host.MethodFromProto),
		enum("host.Failure", host.Failure.Proto, host.FailureFromProto),
		message("host.Datetime", host.Datetime.Proto, host.DatetimeFromProto),
		message("host.Header", host.Header.Proto, host.HeaderFromProto),
		message("host.Request", host.Request.Proto, host.RequestFromProto),
		message("host.Response", host.Response.Proto, host.ResponseFromProto),

		enum("validation.Severity", validation.Severity.Proto, validation.SeverityFromProto),
		enum("validation.Field", validation.Field.Proto, validation.FieldFromProto),
		message("validation.Location", validation.Location.Proto, validation.LocationFromProto),
		message("validation.Source", validation.Source.Proto, validation.SourceFromProto),
		message("validation.Finding", validation.Finding.Proto, validation.FindingFromProto),
		message("validation.Rule", validation.Rule.Proto, validation.RuleFromProto),
		message("validation.ValidationError", validation.ValidationErrorProto, validation.ValidationErrorFromProto),
	}
}

// Each value that becomes a message, crosses the wire, and comes back is what it
// was.
func TestValuesSurviveProto(t *testing.T) {
	for _, c := range conversions() {
		t.Run(c.name, c.values)
	}
}

// Each message that mirrors a value is what that value becomes; any other is
// refused, with what is wrong.
func TestMessagesSurviveGo(t *testing.T) {
	for _, c := range conversions() {
		t.Run(c.name, c.messages)
	}
}

// What is generated, and nothing else, is tried above.
func TestEveryConversionIsTried(t *testing.T) {
	tried := map[string]bool{}
	for _, c := range conversions() {
		tried[c.name] = true
	}
	for _, pattern := range []string{"../witgen/testdata/golden/go/*/proto.gen.go", "../../../../pkg/wit/*/proto.gen.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range parsed.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || !f.Name.IsExported() {
					continue
				}
				if of, found := strings.CutSuffix(f.Name.Name, "FromProto"); found && !tried[parsed.Name.Name+"."+of] {
					t.Errorf("%s: the conversion of %s is not tried", file, of)
				}
			}
		}
	}
}

// message is the conversion of a type that a message mirrors.
func message[T any, M proto.Message](name string, to func(T) M, from func(M) (T, error)) conversion {
	return conversion{
		name: name,
		values: func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := arbitrary[T](t)
				got, err := from(overWire(t, to(want)))
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("got %#v, %v\nwant %#v", got, err, want)
				}
			})
		},
		messages: func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var m M
				whole := rapid.Bool().Draw(t, "whole")
				want := m.ProtoReflect().New()
				draw(t, want, whole)
				v, err := from(overWire(t, want.Interface().(M)))
				var refusal *wit.FieldError
				switch {
				case err == nil && !proto.Equal(to(v), want.Interface()):
					t.Fatalf("got %v\nwant %v", to(v), want)
				case err != nil && (whole || !errors.As(err, &refusal)):
					t.Fatalf("%v is refused: %T %v", want, err, err)
				}
			})
		},
	}
}

// overWire gives what a message is at the other end.
func overWire[M proto.Message](t *rapid.T, m M) M {
	wire, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	other := m.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(wire, other); err != nil {
		t.Fatal(err)
	}
	return other.(M)
}

// enum is the conversion of a type that an enum mirrors.
func enum[T interface {
	comparable
	~uint8 | ~uint16 | ~uint32
}, M interface {
	~int32
	protoreflect.Enum
}](name string, to func(T) M, from func(M) (T, error)) conversion {
	return conversion{
		name: name,
		values: func(t *testing.T) {
			n := cases[reflect.TypeFor[T]()]
			if n == 0 {
				t.Fatal("it has no cases")
			}
			for v := T(1); int(v) <= n; v++ {
				if got, err := from(to(v)); err != nil || got != v {
					t.Errorf("%d comes back as %d, %v", v, got, err)
				}
			}
		},
		messages: func(t *testing.T) {
			known := M(0).Descriptor().Values()
			for m := M(-2); m < 100; m++ {
				v, err := from(m)
				var refusal *wit.FieldError
				if mirrors := m != 0 && known.ByNumber(m.Number()) != nil; mirrors {
					if err != nil || to(v) != m {
						t.Errorf("%d comes back as %d, %v", m, to(v), err)
					}
				} else if !errors.As(err, &refusal) {
					t.Errorf("%d becomes %d, %v; want a *wit.FieldError", m, v, err)
				}
			}
		},
	}
}
