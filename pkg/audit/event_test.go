package audit_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

func TestValidate(t *testing.T) {
	intent := func(e *auditv1.Event) {
		e.Phase, e.Outcome, e.Status = auditv1.Phase_PHASE_INTENT, auditv1.Outcome_OUTCOME_PENDING, ""
	}
	for name, test := range map[string]struct {
		change func(*auditv1.Event)
		want   string // in the error; "" is valid
	}{
		"an outcome":          {func(*auditv1.Event) {}, ""},
		"an intent":           {intent, ""},
		"of a service":        {func(e *auditv1.Event) { e.Person, e.Purpose, e.Roles, e.Tenant = "", "", nil, "" }, ""},
		"no id":               {func(e *auditv1.Event) { e.Id = "" }, "event.id"},
		"UUIDv4 as an id":     {func(e *auditv1.Event) { e.Id = "7d444840-9dc0-41d1-b245-5ffdce74fad2" }, "event.id"},
		"upper-case id":       {func(e *auditv1.Event) { e.Id = strings.ToUpper(e.Id) }, "event.id"},
		"no access id":        {func(e *auditv1.Event) { e.AccessId = "" }, "event.access_id"},
		"no milliseconds":     {func(e *auditv1.Event) { e.Time = "2026-01-02T03:04:05Z" }, "event.time"},
		"another zone":        {func(e *auditv1.Event) { e.Time = "2026-01-02T03:04:05.000-03:00" }, "event.time"},
		"no such day":         {func(e *auditv1.Event) { e.Time = "2026-02-30T03:04:05.000Z" }, "event.time"},
		"service by name":     {func(e *auditv1.Event) { e.Service = "content" }, "event.service"},
		"method in words":     {func(e *auditv1.Event) { e.Method = "/the patient José/read" }, "event.method"},
		"no action":           {func(e *auditv1.Event) { e.Action = 0 }, "event.action"},
		"unknown action":      {func(e *auditv1.Event) { e.Action = 6 }, "event.action"},
		"no phase":            {func(e *auditv1.Event) { e.Phase = 0 }, "event.phase"},
		"unknown phase":       {func(e *auditv1.Event) { e.Phase = 3 }, "event.phase"},
		"intent that ended":   {func(e *auditv1.Event) { intent(e); e.Outcome = auditv1.Outcome_OUTCOME_SUCCESS }, "event.outcome"},
		"intent with status":  {func(e *auditv1.Event) { intent(e); e.Status = "OK" }, "event.outcome"},
		"outcome pending":     {func(e *auditv1.Event) { e.Outcome = auditv1.Outcome_OUTCOME_PENDING }, "event.outcome"},
		"success that failed": {func(e *auditv1.Event) { e.Status = "NOT_FOUND" }, "event.outcome"},
		"refusal with OK":     {func(e *auditv1.Event) { e.Outcome = auditv1.Outcome_OUTCOME_REFUSED }, "event.outcome"},
		"status in words":     {func(e *auditv1.Event) { e.Status = "all fine" }, "event.status"},
		"no peer":             {func(e *auditv1.Event) { e.Peer = "" }, "event.peer"},
		"tenant by name":      {func(e *auditv1.Event) { e.Tenant = "hospital" }, "event.tenant"},
		"person by e-mail":    {func(e *auditv1.Event) { e.Person = "ana@example.com" }, "event.person"},
		"person, no purpose":  {func(e *auditv1.Event) { e.Purpose = "" }, "event.purpose"},
		"purpose in words":    {func(e *auditv1.Event) { e.Purpose = "to read the file" }, "event.purpose"},
		"role in words":       {func(e *auditv1.Event) { e.Roles = []string{"head nurse"} }, "event.roles[0]"},
		"too many roles":      {func(e *auditv1.Event) { e.Roles = make([]string, 17) }, "event.roles"},
		"too many objects":    {func(e *auditv1.Event) { e.Objects = make([]*auditv1.Object, audit.MaxObjects+1) }, "event.objects"},
		"missing object":      {func(e *auditv1.Event) { e.Objects = []*auditv1.Object{nil} }, "event.objects[0].kind"},
		"a name as an id":     {func(e *auditv1.Event) { e.Objects[0].Id = "Maria Souza" }, "event.objects[0].id"},
		"a long id":           {func(e *auditv1.Event) { e.Objects[0].Id = strings.Repeat("x", 129) }, "event.objects[0].id"},
		"a kind in words":     {func(e *auditv1.Event) { e.Objects[0].Kind = "medical record" }, "event.objects[0].kind"},
		"too large": {func(e *auditv1.Event) {
			for range audit.MaxObjects - 1 {
				e.Objects = append(e.Objects, &auditv1.Object{Kind: strings.Repeat("k", 63), Id: strings.Repeat("x", 128)})
			}
		}, "larger"},
	} {
		t.Run(name, func(t *testing.T) {
			e := audittest.Event()
			test.change(e)
			err := audit.Validate(e)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want one about %s", err, test.want)
			}
		})
	}
	if audit.Validate(nil) == nil {
		t.Error("no event is taken for one")
	}
}

// No Brazilian identifier passes as an object's id, with punctuation or without.
func TestInvariant3NoIdentifierIsAnObjectsID(t *testing.T) {
	for _, id := range []string{
		"52998224725", "529.982.247-25", // CPF
		"11222333000181", "11.222.333/0001-81", // CNPJ
		"898001160660761",          // CNS
		"11999998888", "ana@x.com", // phone, e-mail
		"José", "Maria Souza", "", "id with spaces",
	} {
		if audit.ValidateObject("person", id) == nil {
			t.Errorf("%q is taken for an id", id)
		}
	}
	for _, id := range []string{audittest.ID(), "01920001-0000-7000-8000-000000000001", "wordpress:42", "medical-basics:0.1.0", "sha256:ab12", "123456"} {
		if err := audit.ValidateObject("entry", id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestStatusName(t *testing.T) {
	for code, want := range map[codes.Code]string{
		codes.OK: "OK", codes.Canceled: "CANCELLED", codes.FailedPrecondition: "FAILED_PRECONDITION",
		codes.Unauthenticated: "UNAUTHENTICATED", codes.Code(99): "UNKNOWN",
	} {
		if got := audit.StatusName(code); got != want {
			t.Errorf("StatusName(%d) = %s, want %s", code, got, want)
		}
	}
}

func FuzzValidateObject(f *testing.F) {
	f.Add("entry", "0192f0c1-0000-7000-8000-000000000001")
	f.Add("person", "529.982.247-25")
	f.Add("x", "a b")
	f.Fuzz(func(t *testing.T, kind, id string) {
		if audit.ValidateObject(kind, id) != nil {
			return
		}
		if strings.ContainsAny(kind+id, " @\t\n\"\\<>") || len(id) > 128 || len(kind) > 63 {
			t.Errorf("%q %q was taken", kind, id)
		}
	})
}
