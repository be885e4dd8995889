package workflow

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// ErrFindings is the kind of the fault that names the findings which keep an
// entry from its review.
var ErrFindings = fault.New(codes.FailedPrecondition, "FINDINGS_BLOCK_SUBMIT",
	"the validators found what must be mended before a review").
	WithHint("mend what the fields name, then submit again")

// Validate runs the validators over the newest revision.
func (w *Workflow) Validate(ctx context.Context, a actor.Actor, id string) (entry.Revision, []*validationv1.Finding, error) {
	e, findings, err := w.validate(ctx, a, id, func(entry.Entry) error { return nil })
	return e.Newest, findings, err
}

// Submit validates the newest revision and asks for its review. It returns what
// was found and does not stop it.
func (w *Workflow) Submit(ctx context.Context, a actor.Actor, id string) (entry.Entry, []*validationv1.Finding, error) {
	// A step that the status forbids is refused before validators work for it.
	allowed := func(e entry.Entry) error {
		_, err := e.Submit(e.Newest.Number, w.now())
		return err
	}
	validated, findings, err := w.validate(ctx, a, id, allowed)
	if err != nil {
		return validated, nil, err
	}
	if err := blocking(findings); err != nil {
		return validated, nil, err
	}
	after, err := w.change(ctx, a.Tenant, id, func(tx store.Tx, e entry.Entry) (entry.Entry, error) {
		now := w.now()
		next, err := e.Submit(validated.Newest.Number, now)
		if err != nil {
			return e, err
		}
		return next, tx.AddSubmission(ctx, id, next.Newest.Number, a.Person, now)
	})
	return after, findings, err
}

// validate runs no transaction while the validators work.
func (w *Workflow) validate(ctx context.Context, a actor.Actor, id string, allowed func(entry.Entry) error) (entry.Entry, []*validationv1.Finding, error) {
	rpc.Affects(ctx, "entry", id)
	var e entry.Entry
	err := w.store.View(ctx, a.Tenant, func(r store.Reader) (err error) {
		e, err = r.Entry(ctx, id)
		return err
	})
	if err != nil {
		return e, nil, err
	}
	if err := allowed(e); err != nil {
		return e, nil, err
	}
	findings, err := w.validator.Validate(ctx, e.Newest.Content)
	return e, findings, err
}

// blocking returns the fault that names every finding of severity ERROR.
func blocking(findings []*validationv1.Finding) error {
	f := ErrFindings
	for _, finding := range findings {
		// A severity that this version does not know is no reason to let it pass.
		if s := finding.GetSeverity(); s != validationv1.Severity_SEVERITY_INFO && s != validationv1.Severity_SEVERITY_WARNING {
			f = f.WithField(place(finding.GetLocation()), finding.GetRule()+": "+finding.GetMessage())
		}
	}
	if len(f.Fields) == 0 {
		return nil
	}
	return f
}

// place names a finding's place in the content, such as "content.body[12:20]",
// in bytes; without brackets for something absent.
func place(l *validationv1.Location) string {
	field := strings.ToLower(strings.TrimPrefix(l.GetField().String(), "FIELD_"))
	if l.GetEnd() == 0 {
		return "content." + field
	}
	return fmt.Sprintf("content.%s[%d:%d]", field, l.GetStart(), l.GetEnd())
}
