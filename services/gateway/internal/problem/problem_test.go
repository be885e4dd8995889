package problem_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/services/gateway/internal/problem"
)

func write(t *testing.T, err error) (*httptest.ResponseRecorder, problem.Details) {
	t.Helper()
	w := httptest.NewRecorder()
	problem.Write(w, err)
	var d problem.Details
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Status != w.Code || w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, header %v, body %+v", w.Code, w.Header(), d)
	}
	return w, d
}

func TestAFaultIsAnsweredInFull(t *testing.T) {
	_, d := write(t, fault.New(codes.InvalidArgument, "ENTRY_REFUSED", "the entry cannot be saved").
		WithHint("mend it").WithField("content.author_ids[2]", "must be a UUID").WithField("content.x__y_", "no"))
	want := problem.Details{
		Type: "urn:hygia:problem:entry-refused", Title: "Entry refused", Status: 400, Detail: "the entry cannot be saved",
		Reason: "ENTRY_REFUSED", Hint: "mend it",
		Fields: []problem.Field{{"content.authorIds[2]", "must be a UUID"}, {"content.xY", "no"}},
	}
	if got, _ := json.Marshal(d); string(got) != func() string { b, _ := json.Marshal(want); return string(b) }() {
		t.Errorf("got %s", got)
	}
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	for code, want := range map[codes.Code]int{
		codes.Canceled: 499, codes.Unknown: 500, codes.InvalidArgument: 400, codes.DeadlineExceeded: 504,
		codes.NotFound: 404, codes.AlreadyExists: 409, codes.PermissionDenied: 403, codes.ResourceExhausted: 429,
		codes.FailedPrecondition: 409, codes.Aborted: 409, codes.OutOfRange: 400, codes.Unimplemented: 501,
		codes.Internal: 500, codes.Unavailable: 503, codes.DataLoss: 500, codes.Unauthenticated: 401,
	} {
		if _, d := write(t, fault.New(code, "SOME_REASON", "something")); d.Status != want {
			t.Errorf("%v: status %d, want %d", code, d.Status, want)
		}
	}
	for reason, want := range map[string]int{"BODY_TOO_LARGE": 413, "REQUEST_TOO_LARGE": 413, "CONTENT_TYPE_REFUSED": 415, "BODY_TOO_SLOW": 408} {
		if _, d := write(t, fault.New(codes.ResourceExhausted, reason, "something")); d.Status != want {
			t.Errorf("%s: status %d, want %d", reason, d.Status, want)
		}
	}
}

// Nothing of what other programs wrote reaches the client.
func TestInternalsStayInside(t *testing.T) {
	const secret = "dial tcp 10.0.0.7:7001: person 529.982.247-25"
	for name, err := range map[string]error{
		"a plain error":       errors.New(secret),
		"a foreign status":    status.Error(codes.Unavailable, secret),
		"a cause":             fault.New(codes.Internal, "INTERNAL", "an internal error happened").Wrap(errors.New(secret)),
		"an unknown code":     status.Error(codes.Code(77), secret),
		"a status of unknown": status.Error(codes.Unknown, secret),
	} {
		w, d := write(t, err)
		if strings.Contains(w.Body.String(), "10.0.0.7") || strings.Contains(w.Body.String(), "529.982") {
			t.Errorf("%s: %s", name, w.Body)
		}
		if d.Reason == "" || d.Detail == "" || d.Status < 500 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestA401SaysHowToAuthenticate(t *testing.T) {
	for reason, want := range map[string]string{
		"TOKEN_MISSING": `Bearer realm="hygia"`, "TOKEN_EXPIRED": `Bearer realm="hygia", error="invalid_token"`,
	} {
		w, _ := write(t, fault.New(codes.Unauthenticated, reason, "no"))
		if got := w.Header().Get("WWW-Authenticate"); got != want {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
	if w, _ := write(t, fault.New(codes.PermissionDenied, "NO", "no")); w.Header().Get("WWW-Authenticate") != "" {
		t.Error("a 403 asks to authenticate")
	}
}

func TestWhoShallComeBackIsToldWhen(t *testing.T) {
	for code, want := range map[codes.Code]string{codes.ResourceExhausted: "30", codes.Unavailable: "2", codes.NotFound: ""} {
		if w, _ := write(t, fault.New(code, "NO", "no")); w.Header().Get("Retry-After") != want {
			t.Errorf("%v: Retry-After %q, want %q", code, w.Header().Get("Retry-After"), want)
		}
	}
	w := httptest.NewRecorder()
	problem.SetRetryAfter(w.Header(), 7*time.Second)
	problem.Write(w, fault.New(codes.ResourceExhausted, "NO", "no"))
	if got := w.Header().Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After %q, want what was said", got)
	}
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", 1001 * time.Millisecond: "2", time.Minute: "60"} {
		h := http.Header{}
		problem.SetRetryAfter(h, wait)
		if got := h.Get("Retry-After"); got != want {
			t.Errorf("%v: %q, want %q", wait, got, want)
		}
	}
}
