package plugins_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/plugin/plugintest"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	"github.com/hygia-suite/hygia/services/audit/plugins"
)

func formatter(tb testing.TB) audit.Formatter {
	return audit.NewFormatter(plugintest.Load(tb, plugins.FHIRAuditEvent(), audit.FormatterExports))
}

func record() audit.Event {
	return audit.Event{
		ID:       "01932f4e-6d2a-7c3b-8a10-0123456789ab",
		AccessID: "01932f4e-6d2a-7c3b-8a10-aaaaaaaaaaaa",
		Time:     "2026-11-21T10:30:00.123Z",
		Service:  "spiffe://hygia.local/content",
		Method:   "/hygia.content.v1.ContentService/GetEntry",
		Action:   audit.ActionRead,
		Phase:    audit.PhaseOutcome,
		Outcome:  audit.OutcomeSuccess,
		Status:   "OK",
		Peer:     "spiffe://hygia.local/gateway",
		Tenant:   "demo",
		Person:   "01932f4e-0000-7000-8000-000000000001",
		Roles:    []string{"editor"},
		Purpose:  "editorial",
		Objects:  []audit.Object{{Kind: "entry", ID: "01932f4e-0000-7000-8000-000000000002"}},
	}
}

// resource is the part of AuditEvent that the tests look at.
type resource struct {
	ResourceType string
	ID           string
	Meta         struct{ Profile []string }
	Action       string
	Outcome      string
	Agent        []struct {
		Who       struct{ Identifier struct{ Value string } }
		Requestor bool
	}
	Entity []struct {
		What struct {
			Identifier struct{ System, Value string }
		}
	}
}

func format(tb testing.TB, f audit.Formatter, event audit.Event) resource {
	tb.Helper()
	text, err := f.Format(tb.Context(), event)
	if err != nil {
		tb.Fatal(err)
	}
	var r resource
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	return r
}

func TestFormatterWritesAuditEvent(t *testing.T) {
	f := formatter(t)
	if mediaType, err := f.MediaType(t.Context()); err != nil || mediaType != "application/fhir+json; fhirVersion=4.0" {
		t.Errorf("media type: got %q, %v", mediaType, err)
	}
	got := format(t, f, record())
	if got.ResourceType != "AuditEvent" || got.ID != record().ID || got.Action != "R" || got.Outcome != "0" {
		t.Errorf("got %+v", got)
	}
	if len(got.Meta.Profile) != 1 || !strings.HasSuffix(got.Meta.Profile[0], "IHE.BasicAudit.Read") {
		t.Errorf("profile: got %v", got.Meta.Profile)
	}
	if len(got.Agent) != 3 || got.Agent[2].Who.Identifier.Value != record().Person || !got.Agent[2].Requestor {
		t.Errorf("agents: got %+v", got.Agent)
	}
	if len(got.Entity) != 2 || got.Entity[1].What.Identifier.System != "urn:hygia:object:entry" {
		t.Errorf("entities: got %+v", got.Entity)
	}
}

func TestFormatterNamesWhatIsMalformed(t *testing.T) {
	f := formatter(t)
	for field, change := range map[string]func(*audit.Event){
		"id":         func(e *audit.Event) { e.ID = "" },
		"time":       func(e *audit.Event) { e.Time = "yesterday" },
		"service":    func(e *audit.Event) { e.Service = "content" },
		"objects[0]": func(e *audit.Event) { e.Objects[0].ID = "" },
		"outcome":    func(e *audit.Event) { e.Phase = audit.PhaseIntent },
	} {
		event := record()
		change(&event)
		_, err := f.Format(t.Context(), event)
		var invalid audit.FormatErrorInvalid
		if !errors.As(err, &invalid) || !strings.HasPrefix(string(invalid), field+": ") {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// Whatever stands in a record, it is refused, or written as the same JSON twice
// with the text intact.
func TestFormatterIsDeterministicAndEscapes(t *testing.T) {
	f := formatter(t)
	rapid.Check(t, func(t *rapid.T) {
		event := record()
		event.Objects[0].ID = rapid.String().Draw(t, "id")
		event.Purpose = rapid.StringMatching(`[a-zé"\\<>&]{0,20}`).Draw(t, "purpose")
		first, err := f.Format(t.Context(), event)
		if err != nil {
			var invalid audit.FormatErrorInvalid
			if !errors.As(err, &invalid) {
				t.Fatal(err)
			}
			return
		}
		second, err := f.Format(t.Context(), event)
		if err != nil || first != second {
			t.Fatalf("%v, or %q is not %q", err, first, second)
		}
		var r resource
		if err := json.Unmarshal([]byte(first), &r); err != nil || r.Entity[1].What.Identifier.Value != event.Objects[0].ID {
			t.Fatalf("%v, or %q is not in %s", err, event.Objects[0].ID, first)
		}
	})
}

func TestPureComponentImportsNothing(t *testing.T) {
	if got := plugintest.Imports(t, plugins.FHIRAuditEvent(), "fhir-audit-event"); len(got) > 0 {
		t.Errorf("fhir-audit-event imports %v", got)
	}
}

func BenchmarkFormatter(b *testing.B) {
	f := formatter(b)
	event := record()
	for b.Loop() {
		if _, err := f.Format(b.Context(), event); err != nil {
			b.Fatal(err)
		}
	}
}
