package trial_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin/outbound/outboundtest"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/trial"
)

// A fixture says what hosts answer: a trial sends nothing.
func TestRequestsAreAnsweredByTheFixture(t *testing.T) {
	const granted = manifest + `, "grants": {"interfaces": ["hygia:host/outbound-http@0.1.0"], "hosts": ["fhir.example.org"]}}`
	p := builtOf(t, granted, outboundtest.Component("https://fhir.example.org/metadata"))
	tried, err := trial.Open(t.Context(), p, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer tried.Close()
	for text, problem := range map[string]string{
		`{"call": "answer", "want": 418, "http": [{"method": "post", "url": "https://fhir.example.org/metadata", "answer": {"err": "dns"}},
		  {"method": "get", "url": "https://fhir.example.org/metadata", "answer": {"ok": {"status": 418, "headers": [{"name": "etag", "value": "1"}], "body": "olá"}}}]}`: "",
		`{"call": "answer", "want": 1006, "http": [{"method": "get", "url": "https://fhir.example.org/metadata", "answer": {"err": "timeout"}}]}`: "",
		`{"call": "answer", "want": 418}`: "the fixture's http has no answer to GET https://fhir.example.org/metadata",
	} {
		f, err := fixture.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r := tried.Run(t.Context(), f)
		if r.Pass != (problem == "") || !strings.Contains(r.Problem, problem) {
			t.Errorf("%s: got %+v", text, r)
		}
	}
}
