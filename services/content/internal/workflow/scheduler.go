package workflow

import (
	"context"
	"log/slog"
	"time"

	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// How often the scheduler looks, how many entries it takes at once, and how long
// it leaves an entry alone that it could not publish.
const (
	schedulerInterval = time.Second
	schedulerPage     = 64
	firstRetry        = 10 * time.Second
	lastRetry         = time.Hour
)

// SchedulerOptions are a Scheduler's dependencies; all are required.
type SchedulerOptions struct {
	Workflow *Workflow
	Store    store.Store
	// Job runs work for a tenant that no call asked for, in a context in which
	// it is audited.
	Job    func(ctx context.Context, tenant string, run func(context.Context) error) error
	Clock  func() time.Time
	Logger *slog.Logger
}

// Scheduler publishes entries whose time has come. One runs in a process; it is
// not safe for concurrent use.
type Scheduler struct {
	o SchedulerOptions
	// waiting has what could not be published, so that a thing that needs a
	// person is not tried, and recorded, every second.
	waiting map[store.Ref]retry
}

type retry struct {
	at    time.Time
	after time.Duration
}

// NewScheduler returns a scheduler.
func NewScheduler(o SchedulerOptions) *Scheduler {
	return &Scheduler{o: o, waiting: make(map[store.Ref]retry)}
}

// Run publishes until ctx ends, and returns nil.
func (s *Scheduler) Run(ctx context.Context) error {
	ticker := time.NewTicker(schedulerInterval)
	defer ticker.Stop()
	for {
		if _, err := s.Tick(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.ErrorContext(ctx, "cannot read what is due", telemetry.Err(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Tick publishes what is due now, and returns how many entries that were. An
// entry that cannot be published is logged and tried again later.
func (s *Scheduler) Tick(ctx context.Context) (int, error) {
	now := s.o.Clock()
	// Those that wait are due as well, and must not keep the others from a page.
	due, err := s.o.Store.Due(ctx, now, schedulerPage+len(s.waiting))
	if err != nil {
		return 0, err
	}
	published := 0
	still := make(map[store.Ref]retry, len(s.waiting))
	for _, ref := range due {
		r := s.waiting[ref]
		if r.at.After(now) {
			still[ref] = r
			continue
		}
		err := s.o.Job(ctx, ref.Tenant, func(ctx context.Context) error {
			return s.o.Workflow.PublishDue(ctx, ref)
		})
		if err == nil {
			published++
			continue
		}
		if ctx.Err() != nil {
			return published, ctx.Err()
		}
		r.after = min(max(2*r.after, firstRetry), lastRetry)
		r.at = now.Add(r.after)
		still[ref] = r
		s.o.Logger.ErrorContext(ctx, "a scheduled entry was not published",
			"tenant", ref.Tenant, "entry_id", ref.ID, "next_time", r.at, telemetry.Err(err))
	}
	s.waiting = still
	return published, nil
}
