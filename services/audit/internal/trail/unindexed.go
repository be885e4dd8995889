package trail

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
)

const (
	// indexRows bounds a transaction of the index.
	indexRows = 2000
	// indexPause lets leaves gather before a transaction, unless somebody waits:
	// its sync competes with the log's for the disk.
	indexPause = 250 * time.Millisecond
	// indexBackoff is the longest pause after a failure.
	indexBackoff = 5 * time.Second
)

// unindexed are the leaves that are in the log and not in the index yet. It is
// safe for concurrent use; its zero value needs init.
type unindexed struct {
	// more and hurry hold a token where there is something to index, and where
	// somebody waits for it.
	more, hurry chan struct{}

	mu      sync.Mutex
	rows    []index.Row
	byID    map[string]index.Place
	end     uint64        // of the log, as far as rows were added
	indexed uint64        // of the log, as far as the index has it
	moved   chan struct{} // closed when indexed grows
}

func (u *unindexed) init(size uint64) {
	u.more, u.hurry, u.moved = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	u.byID = make(map[string]index.Place)
	u.end, u.indexed = size, size
}

func (u *unindexed) len() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.rows)
}

// place finds an event of which the index knows nothing yet.
func (u *unindexed) place(id string) (index.Place, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	place, ok := u.byID[id]
	return place, ok
}

func (u *unindexed) add(row index.Row) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rows, u.end = append(u.rows, row), row.Position+1
	if _, ok := u.byID[row.Event.GetId()]; !ok {
		u.byID[row.Event.GetId()] = index.Place{Position: row.Position, Leaf: row.Leaf}
	}
	token(u.more)
}

// next returns the oldest rows without taking them away: until the index has
// them, only we know their ids.
func (u *unindexed) next() []index.Row {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rows[:min(len(u.rows), indexRows)]
}

// done forgets rows that the index has.
func (u *unindexed) done(rows []index.Row) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, row := range rows {
		delete(u.byID, row.Event.GetId())
	}
	u.rows = u.rows[len(rows):]
	u.indexed += uint64(len(rows))
	close(u.moved)
	u.moved = make(chan struct{})
	if len(u.rows) > 0 {
		token(u.more)
	}
}

// awaitIndexed returns once the index has every leaf that had been sequenced
// when it was called, so that an asker finds what they were told is durable.
func (t *Trail) awaitIndexed(ctx context.Context) error {
	u := &t.unindexed
	u.mu.Lock()
	end := u.end
	u.mu.Unlock()
	for {
		u.mu.Lock()
		indexed, moved := u.indexed, u.moved
		u.mu.Unlock()
		if indexed >= end {
			return nil
		}
		token(u.hurry)
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("wait for the audit index: %w", context.Cause(ctx))
		}
	}
}

// keepIndex is the goroutine that brings leaves into the index.
func (t *Trail) keepIndex(ctx context.Context) {
	u := &t.unindexed
	pause := indexPause
	for {
		select {
		case <-u.more:
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-u.hurry:
		case <-ctx.Done():
		}
		timer.Stop()
		rows := u.next()
		if len(rows) == 0 {
			continue
		}
		if err := t.index.Add(ctx, rows); err != nil {
			if ctx.Err() != nil {
				return
			}
			t.logger.ErrorContext(ctx, "leaves not indexed", "count", len(rows), telemetry.Err(err))
			pause = min(2*pause, indexBackoff)
			token(u.more)
			continue
		}
		pause = indexPause
		u.done(rows)
	}
}

// token leaves a token where none lies.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
