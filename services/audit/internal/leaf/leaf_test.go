package leaf_test

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/leaf"
)

// The form is a contract with verifiers: a change of these bytes needs another
// version.
const golden = `{"v":1,"id":"0192f0c1-0000-7000-8000-000000000001","accessId":"0192f0c1-0000-7000-8000-000000000002",` +
	`"time":"2026-01-02T03:04:05.006Z","service":"spiffe://hygia.local/content",` +
	`"method":"/hygia.content.v1.ContentService/GetEntry","action":"read","phase":"outcome","outcome":"success",` +
	`"status":"OK","peer":"spiffe://hygia.local/gateway","tenant":"0192f0c1-0000-7000-8000-000000000003",` +
	`"person":"0192f0c1-0000-7000-8000-000000000004","roles":["editor","dpo"],"purpose":"editorial",` +
	`"objects":[{"kind":"entry","id":"0192f0c1-0000-7000-8000-000000000005"},{"kind":"digest","id":"sha256:a+b/c="}]}`

const goldenIntent = `{"v":1,"id":"0192f0c1-0000-7000-8000-000000000001","accessId":"0192f0c1-0000-7000-8000-000000000002",` +
	`"time":"2026-01-02T03:04:05.006Z","service":"spiffe://hygia.local/content",` +
	`"method":"/hygia.content.v1.ContentService/PublishEntry","action":"update","phase":"intent","outcome":"pending",` +
	`"status":"","peer":"spiffe://hygia.local/content","tenant":"","person":"","roles":[],"purpose":"","objects":[]}`

func TestGolden(t *testing.T) {
	for _, want := range []string{golden, goldenIntent} {
		event, err := leaf.Decode([]byte(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := leaf.Encode(event)
		if err != nil || string(got) != want {
			t.Errorf("Encode = %s, %v\nwant     %s", got, err, want)
		}
	}
}

func TestDecodeTakesOneSpelling(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"not JSON":        "leaf",
		"null":            "null",
		"white space":     strings.Replace(golden, ":", ": ", 1),
		"newline at end":  golden + "\n",
		"two documents":   golden + golden,
		"version 2":       strings.Replace(golden, `"v":1`, `"v":2`, 1),
		"unknown key":     strings.Replace(golden, `"v":1`, `"v":1,"x":1`, 1),
		"key twice":       strings.Replace(golden, `"v":1`, `"v":1,"v":1`, 1),
		"missing key":     strings.Replace(golden, `"purpose":"editorial",`, "", 1),
		"key in capitals": strings.Replace(golden, `"status"`, `"STATUS"`, 1),
		"another order":   "{" + strings.TrimSuffix(strings.TrimPrefix(golden, `{"v":1,`), "}") + `,"v":1}`,
		"escaped":         strings.Replace(golden, `"read"`, `"\u0072ead"`, 1),
		"null for none":   strings.Replace(goldenIntent, `"roles":[]`, `"roles":null`, 1),
		"unknown action":  strings.Replace(golden, `"read"`, `"peek"`, 1),
		"no action":       strings.Replace(golden, `"read"`, `""`, 1),
		"invalid event":   strings.Replace(golden, `"OK"`, `"FINE"`, 1),
		"broken UTF-8":    strings.Replace(golden, "editorial", "editorial\xff", 1),
		"too long":        golden + strings.Repeat(" ", leaf.MaxBytes),
	} {
		if event, err := leaf.Decode([]byte(text)); !errors.Is(err, leaf.ErrMalformed) {
			t.Errorf("%s: Decode = %v, %v; want ErrMalformed", name, event, err)
		}
	}
}

// generate draws a valid event.
func generate(t *rapid.T) *auditv1.Event {
	event := audittest.Event()
	event.Action = auditv1.Action(rapid.IntRange(1, 5).Draw(t, "action"))
	if rapid.Bool().Draw(t, "intent") {
		event.Phase, event.Outcome, event.Status = auditv1.Phase_PHASE_INTENT, auditv1.Outcome_OUTCOME_PENDING, ""
	} else if rapid.Bool().Draw(t, "refused") {
		event.Outcome, event.Status = auditv1.Outcome_OUTCOME_REFUSED, "NOT_FOUND"
	}
	if rapid.Bool().Draw(t, "of nobody") {
		event.Person, event.Purpose = "", ""
	}
	event.Roles = rapid.SliceOfN(rapid.StringMatching(`[a-z][a-z0-9_-]{0,20}`), 0, 4).Draw(t, "roles")
	event.Objects = nil
	for range rapid.IntRange(0, audit.MaxObjects).Draw(t, "objects") {
		event.Objects = append(event.Objects, &auditv1.Object{
			Kind: rapid.StringMatching(`[a-z][a-z0-9_-]{0,10}`).Draw(t, "kind"),
			Id:   rapid.StringMatching(`[a-z][A-Za-z0-9._:/+=-]{0,100}`).Draw(t, "id"),
		})
	}
	return event
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event := generate(t)
		text, err := leaf.Encode(event)
		if err != nil {
			t.Fatalf("Encode of a valid event: %v", err)
		}
		again, err := leaf.Decode(text)
		if err != nil || !proto.Equal(again, event) {
			t.Fatalf("Decode(%s) = %v, %v; want %v", text, again, err, event)
		}
	})
}

// The largest event that is valid fits into a leaf.
func TestTheLargestEventFits(t *testing.T) {
	event := audittest.Event()
	event.Objects = nil
	for {
		event.Objects = append(event.Objects, &auditv1.Object{Kind: "k", Id: strings.Repeat("x", 128)})
		if audit.Validate(event) != nil {
			event.Objects = event.Objects[:len(event.Objects)-1]
			break
		}
	}
	if text, err := leaf.Encode(event); err != nil {
		t.Errorf("a valid event of %d objects has no leaf: %v", len(event.GetObjects()), err)
	} else if len(text) > leaf.MaxBytes {
		t.Errorf("its leaf has %d bytes", len(text))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(golden))
	f.Add([]byte(goldenIntent))
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(strings.Replace(golden, "roles", "Roles", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		event, err := leaf.Decode(data)
		if err != nil {
			return
		}
		if err := audit.Validate(event); err != nil {
			t.Errorf("Decode gave an invalid event: %v", err)
		}
		again, err := leaf.Encode(event)
		if err != nil || string(again) != string(data) {
			t.Errorf("Decode took %q, which Encode spells %q (%v)", data, again, err)
		}
	})
}
