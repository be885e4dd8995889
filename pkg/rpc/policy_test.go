package rpc_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// startError starts a server with a changed policy and returns why it does not.
func startError(t *testing.T, change func(rpc.Policy)) error {
	t.Helper()
	w := newWorld(t, &audittest.Log{})
	change(w.options.Policy)
	s, err := rpc.NewServer(w.options)
	if err != nil {
		return err
	}
	s.GRPC().RegisterService(&testService, w.handlers)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	return s.Serve(ctx, listen(t))
}

func TestInvariant1StartNeedsARowForEachMethod(t *testing.T) {
	for name, test := range map[string]struct {
		change func(rpc.Policy)
		want   string // in the error; "" starts
	}{
		"as it should be":         {func(rpc.Policy) {}, ""},
		"a row that denies":       {func(p rpc.Policy) { p[read] = rpc.Row{} }, ""},
		"method without a row":    {func(p rpc.Policy) { delete(p, read) }, read + " is registered and has no row"},
		"stream without a row":    {func(p rpc.Policy) { delete(p, upload) }, upload + " is registered and has no row"},
		"row without a method":    {func(p rpc.Policy) { p["/a.B/C"] = rpc.Row{} }, "/a.B/C has a row and is not registered"},
		"no roles":                {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.Roles = nil }) }, "admits none"},
		"no purposes":             {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.Purposes = nil }) }, "admits none"},
		"roles without an actor":  {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.Actor = rpc.None }) }, "asks for no actor"},
		"unknown role":            {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.Roles = []actor.Role{"root"} }) }, `unknown role "root"`},
		"unknown purpose":         {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.Purposes = []actor.Purpose{"fun"} }) }, `unknown purpose "fun"`},
		"no action":               {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.Action = auditv1.Action_ACTION_UNSPECIFIED }) }, "has no action"},
		"exempt without a reason": {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.Audit = rpc.Exempt }) }, "go together"},
		"reason without exempt":   {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.ExemptReason = "x" }) }, "go together"},
		"negative limit":          {func(p rpc.Policy) { change(p, func(r *rpc.Row) { r.MaxRequestBytes = -1 }) }, "negative"},
		"a row that is ours":      {func(p rpc.Policy) { p["/grpc.health.v1.Health/Check"] = rpc.Row{} }, "not the service's to rule"},
	} {
		t.Run(name, func(t *testing.T) {
			err := startError(t, test.change)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("did not start: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("start: %v, want an error with %q", err, test.want)
			}
		})
	}
}

func change(p rpc.Policy, f func(*rpc.Row)) {
	row := p[read]
	f(&row)
	p[read] = row
}

func TestInvariant1AnEmptyRowDeniesEverybody(t *testing.T) {
	log := &audittest.Log{}
	w := newWorld(t, log)
	w.options.Policy[read] = rpc.Row{}
	w.handlers.unary = func(context.Context, *request) (*response, error) {
		t.Error("the handler of a denied method ran")
		return secret(), nil
	}
	w.serve()
	for _, peer := range []string{rpc.Gateway, rpc.Operator, rpc.Content, rpc.Accounts, rpc.Audit} {
		_, err := get(as(t.Context(), "editor"), w.dial(peer), read)
		wantFault(t, err, codes.PermissionDenied, "PEER_NOT_ALLOWED")
	}
	for _, event := range log.Events() {
		if event.GetOutcome() != auditv1.Outcome_OUTCOME_REFUSED || event.GetStatus() != "PERMISSION_DENIED" {
			t.Errorf("a denial is recorded as %v", event)
		}
	}
	if n := len(log.Events()); n != 5 {
		t.Errorf("5 denials, %d records", n)
	}
}

func TestWhoMayCall(t *testing.T) {
	log := &audittest.Log{}
	w := newWorld(t, log).serve()
	gateway := w.dial(rpc.Gateway)
	for name, test := range map[string]struct {
		token  string
		method string
		code   codes.Code
		reason string // "" is allowed
		person string // in the record
	}{
		"role and purpose fit": {"editor", read, codes.OK, "", audittest.Person},
		"no token":             {"", read, codes.Unauthenticated, "TOKEN_MISSING", ""},
		"a forged token":       {"forged", read, codes.Unauthenticated, "TOKEN_INVALID", ""},
		"wrong role":           {"dpo", read, codes.PermissionDenied, "ROLE_NOT_ALLOWED", audittest.Person},
		"wrong purpose":        {"auditor", read, codes.PermissionDenied, "PURPOSE_NOT_ALLOWED", audittest.Person},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(log.Events())
			_, err := get(as(t.Context(), test.token), gateway, test.method)
			if test.reason == "" && err != nil {
				t.Fatal(err)
			} else if test.reason != "" {
				wantFault(t, err, test.code, test.reason)
			}
			events := log.Events()[before:]
			if len(events) != 1 {
				t.Fatalf("%d records, want one", len(events))
			}
			if got := events[0]; got.GetPerson() != test.person || got.GetPeer() != "spiffe://hygia.test/gateway" || got.GetMethod() != test.method {
				t.Errorf("the record is %v", got)
			}
		})
	}
}

func TestAnotherTrustDomainIsCutOff(t *testing.T) {
	w := newWorld(t, &audittest.Log{}).serve()
	stranger := newWorld(t, &audittest.Log{})
	stranger.addr = w.addr
	ctx, cancel := context.WithTimeout(as(t.Context(), "editor"), time.Second)
	defer cancel()
	_, err := get(ctx, stranger.dial(rpc.Gateway), read)
	wantFault(t, err, codes.Unavailable, "SERVICE_UNREACHABLE")
}
