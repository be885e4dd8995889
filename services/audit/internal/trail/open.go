package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
	"github.com/hygia-suite/hygia/services/audit/internal/leaf"
)

// Options are a trail's dependencies; all are required.
type Options struct {
	Log Log
	// Dir is the folder of the index; it exists.
	Dir    string
	Logger *slog.Logger
}

// Open opens the index, brings it level with the log, and only then takes
// events. An index that cannot be read, or that is not this log's, is made
// again; the log itself is never written to.
func Open(ctx context.Context, o Options) (*Trail, error) {
	x, size, err := openIndex(ctx, o)
	if err != nil {
		return nil, err
	}
	t := &Trail{
		log: o.Log, index: x, logger: o.Logger, requests: make(chan *request, maxWaiting),
		size: size, unsure: true,
	}
	t.unindexed.init(size)
	if err := t.catchUp(ctx); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop = stop
	t.running.Go(func() { t.sequence(run) })
	t.running.Go(func() { t.keepIndex(run) })
	return t, nil
}

// openIndex returns an index that is a prefix of the log, and its size.
func openIndex(ctx context.Context, o Options) (*index.Index, uint64, error) {
	x, err := index.Open(ctx, o.Dir)
	if err == nil {
		size, err := checkIndex(ctx, o.Log, x)
		if err == nil {
			return x, size, nil
		}
		if ctx.Err() != nil {
			return nil, 0, errors.Join(err, x.Close())
		}
		o.Logger.WarnContext(ctx, "audit index is made again from the log", telemetry.Err(err))
		if err := x.Close(); err != nil {
			return nil, 0, fmt.Errorf("index: %w", err)
		}
	} else {
		o.Logger.WarnContext(ctx, "audit index cannot be opened and is made again from the log", telemetry.Err(err))
	}
	if err := index.Remove(o.Dir); err != nil {
		return nil, 0, err
	}
	x, err = index.Open(ctx, o.Dir)
	return x, 0, err
}

var errForeignIndex = errors.New("the index is not of this log")

// checkIndex compares the index's last leaf with the log's.
func checkIndex(ctx context.Context, log Log, x *index.Index) (uint64, error) {
	size, err := x.Size(ctx)
	if err != nil || size == 0 {
		return 0, err
	}
	end, err := log.Size(ctx)
	if err != nil {
		return 0, err
	}
	last, err := x.Last(ctx)
	if err != nil {
		return 0, err
	}
	if size > end || last.Position >= size {
		return 0, errForeignIndex
	}
	return size, log.Read(ctx, last.Position, last.Position+1, func(_ uint64, leaf []byte) error {
		if !bytes.Equal(leaf, last.Leaf) {
			return errForeignIndex
		}
		return nil
	})
}

// catchUp indexes what the log has and the index lacks.
func (t *Trail) catchUp(ctx context.Context) error {
	for {
		if err := t.syncPart(ctx); err != nil {
			return err
		}
		for rows := t.unindexed.next(); len(rows) > 0; rows = t.unindexed.next() {
			if err := t.index.Add(ctx, rows); err != nil {
				return err
			}
			t.unindexed.done(rows)
		}
		if !t.unsure {
			return nil
		}
	}
}

// sync reads from the log what may be there unknown to us, after a failure.
func (t *Trail) sync(ctx context.Context) error {
	for t.unsure {
		if err := t.syncPart(ctx); err != nil {
			return err
		}
	}
	return nil
}

// syncPart reads the next leaves that are not known, a bounded number.
func (t *Trail) syncPart(ctx context.Context) error {
	size, err := t.log.Size(ctx)
	if err != nil {
		return err
	}
	if size < t.size {
		return fmt.Errorf("the log has %d leaves where it had %d", size, t.size)
	}
	to := min(size, t.size+indexRows)
	err = t.log.Read(ctx, t.size, to, func(place uint64, bytes []byte) error {
		event, err := leaf.Decode(bytes)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", place, err)
		}
		t.unindexed.add(index.Row{Position: place, Event: event, Leaf: bytes})
		t.size = place + 1
		return nil
	})
	if err == nil && to == size {
		t.unsure = false
	}
	return err
}
