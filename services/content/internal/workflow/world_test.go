package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/rpc/rpctest"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore"
	"github.com/hygia-suite/hygia/services/content/internal/workflow"
)

// validator answers what the test gives it.
type validator struct {
	findings []*validationv1.Finding
	err      error
	// during runs while the validators work.
	during func()
	calls  int
}

func (v *validator) Validate(context.Context, entry.Content) ([]*validationv1.Finding, error) {
	v.calls++
	if v.during != nil {
		v.during()
	}
	return v.findings, v.err
}

// world is a workflow over a real store, with a clock that the test turns.
type world struct {
	*testing.T
	flow      *workflow.Workflow
	store     *sqlitestore.Store
	scheduler *workflow.Scheduler
	validator *validator
	slugs     int

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, validator: &validator{}, now: time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)}
	s, err := sqlitestore.Open(t.Context(), sqlitestore.Options{
		Path: filepath.Join(t.TempDir(), "content.db"), Event: rpc.WriteEvent, Clock: w.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.store = s
	w.flow = workflow.New(workflow.Options{Store: s, Validator: w.validator, Clock: w.clock, IDs: newID})
	w.scheduler = workflow.NewScheduler(workflow.SchedulerOptions{
		Workflow: w.flow, Store: s, Clock: w.clock, Logger: slog.New(slog.DiscardHandler),
		Job: func(ctx context.Context, _ string, run func(context.Context) error) error {
			return run(rpctest.Write(ctx))
		},
	})
	return w
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// ctx is that of a new call.
func (w *world) ctx() context.Context { return rpctest.Write(w.Context()) }

const tenant = "0190b6a0-0000-7000-8000-00000000000a"

func person(name string, roles ...actor.Role) actor.Actor {
	a := actor.Actor{Person: "person-" + name, Tenant: tenant, DisplayName: name, Roles: roles}
	if a.HasRole(actor.RoleReviewer) {
		a.Credential = &actor.Credential{Council: "CRM", Number: "52123", Region: "SP", Specialties: []string{"1"}}
	}
	return a
}

var (
	editor   = person("editor", actor.RoleEditor)
	reviewer = person("reviewer", actor.RoleReviewer)
)

func (w *world) draft() workflow.Draft {
	w.slugs++
	return workflow.Draft{Kind: entry.Post, Slug: fmt.Sprint("s-", w.slugs), Title: "Título", Body: "<p>corpo</p>"}
}

func (w *world) create(by actor.Actor) entry.Entry {
	w.Helper()
	return must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), by, w.draft(), "") })
}

func must[T any](w *world, f func() (T, error)) T {
	w.Helper()
	v, err := f()
	if err != nil {
		w.Fatal(err)
	}
	return v
}

func (w *world) submit(by actor.Actor, id string) entry.Entry {
	w.Helper()
	return must(w, func() (entry.Entry, error) {
		e, _, err := w.flow.Submit(w.ctx(), by, id)
		return e, err
	})
}

func (w *world) sign(by actor.Actor, e entry.Entry) entry.Entry {
	w.Helper()
	return must(w, func() (entry.Entry, error) { return w.flow.Sign(w.ctx(), by, e.ID, e.Newest.Hash) })
}

// approved is an entry that the editor wrote and the reviewer signed.
func (w *world) approved() entry.Entry {
	w.Helper()
	e := w.create(editor)
	w.submit(editor, e.ID)
	return w.sign(reviewer, e)
}

func (w *world) read(id string) (e entry.Entry) {
	w.Helper()
	err := w.store.View(w.Context(), tenant, func(r store.Reader) (err error) {
		e, err = r.Entry(w.Context(), id)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return e
}

func (w *world) tick() int {
	w.Helper()
	return must(w, func() (int, error) { return w.scheduler.Tick(w.Context()) })
}

func (w *world) want(err, target error, what string) {
	w.Helper()
	if !errors.Is(err, target) {
		w.Errorf("%s: got %v, want %v", what, err, target)
	}
}

// pending returns the ids of the events in the outbox, and adds to named the ids
// of the objects that they name.
func (w *world) pending(t *testing.T, named map[string]bool) (ids []string) {
	t.Helper()
	events, err := w.store.Outbox().Pending(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		ids = append(ids, e.GetId())
		for _, o := range e.GetObjects() {
			if named != nil {
				named[o.GetId()] = true
			}
		}
	}
	return ids
}
