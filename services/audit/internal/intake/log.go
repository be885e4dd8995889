// Package intake stands before the Merkle tree: a leaf is durable, at its place
// for good, as soon as one write to a journal is on disk, and is integrated into
// the tree a moment later, with many others. So who waits for a record waits for
// one sync of the disk instead of the dozen that a batch of Tessera's needs.
//
// What a crash does, by the place where it happens:
//
//	before the journal is synced     the leaves are not in the log, or some first ones are; nobody was told
//	synced, not integrated           Open finds them in the journal and integrates them at the same places
//	integrated, journal not rewound  Open finds the same leaves in the tree and leaves the records aside
//
// The tree cannot come to another order: it gets the leaves from the journal's
// order alone, and every place is compared.
package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
)

const (
	// pause lets leaves gather before they are integrated, unless somebody waits
	// for a proof or a batch is full.
	pause = 250 * time.Millisecond
	// maxBackoff is the longest pause while the tree fails.
	maxBackoff = 5 * time.Second
)

// Tree is what leaves are integrated into; *tlog.Log is one.
type Tree interface {
	Append(ctx context.Context, leaves [][]byte) ([]uint64, error)
	Size(ctx context.Context) (uint64, error)
	Read(ctx context.Context, from, to uint64, each func(index uint64, leaf []byte) error) error
}

// Options are a Log's dependencies; all are required.
type Options struct {
	Tree Tree
	// Dir is the folder of the journal; it exists.
	Dir    string
	Logger *slog.Logger
}

// Log is a tree behind a journal. Append needs one caller at a time; all else is
// safe for concurrent use.
type Log struct {
	tree    Tree
	logger  *slog.Logger
	journal *journal
	// more and hurry hold a token where there is something to integrate, and
	// where it should be done at once.
	more, hurry chan struct{}
	stop        context.CancelFunc
	running     sync.WaitGroup

	mu         sync.Mutex
	integrated uint64   // leaves in the tree
	pending    [][]byte // the leaves after them, which are in the journal
	moved      chan struct{}
	broken     error // why nothing is taken any more
	failed     chan struct{}
}

// Open opens the journal and integrates what the tree lacks of it.
func Open(ctx context.Context, o Options) (*Log, error) {
	return open(ctx, o, segmentBytes)
}

func open(ctx context.Context, o Options, segment int64) (*Log, error) {
	size, err := o.Tree.Size(ctx)
	if err != nil {
		return nil, err
	}
	j, first, leaves, err := openJournal(o.Dir, segment)
	if err != nil {
		return nil, err
	}
	l := &Log{
		tree: o.Tree, logger: o.Logger, journal: j, integrated: size,
		more: make(chan struct{}, 1), hurry: make(chan struct{}, 1), moved: make(chan struct{}), failed: make(chan struct{}),
	}
	if l.pending, err = l.missing(ctx, first, leaves); err == nil {
		err = l.catchUp(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, j.close())
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.running.Go(func() { l.keepIntegrating(run) })
	return l, nil
}

// missing returns the journal's leaves that the tree lacks. Those that it has
// must be the same.
func (l *Log) missing(ctx context.Context, first uint64, leaves [][]byte) ([][]byte, error) {
	next := first + uint64(len(leaves))
	if next < l.integrated || len(leaves) == 0 {
		l.journal.restart() // all of it is in the tree, and more
		return nil, nil
	}
	if first > l.integrated {
		return nil, fmt.Errorf("the tree has %d leaves, its journal begins at %d: some are missing", l.integrated, first)
	}
	err := l.tree.Read(ctx, first, l.integrated, func(index uint64, leaf []byte) error {
		if !bytes.Equal(leaf, leaves[index-first]) {
			return fmt.Errorf("leaf %d in the tree is another one than in the journal", index)
		}
		return nil
	})
	return leaves[l.integrated-first:], err
}

// catchUp integrates all that is pending, before anybody else uses the log.
func (l *Log) catchUp(ctx context.Context) error {
	for len(l.pending) > 0 {
		if err := l.integrate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close integrates what is pending and closes the journal. Append must not be
// running. The tree stays open.
func (l *Log) Close() error {
	l.stop()
	l.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), maxBackoff)
	defer cancel()
	return errors.Join(l.catchUp(ctx), l.journal.close())
}

// Append makes leaves durable and returns their places. It waits, as long as ctx
// allows, while the journal is full because the tree is behind. After a failure
// of the journal's disk nothing is taken any more, see Failed.
func (l *Log) Append(ctx context.Context, leaves [][]byte) ([]uint64, error) {
	for _, leaf := range leaves {
		if len(leaf) == 0 || len(leaf) > l.journal.maxLeaf() {
			return nil, errLength
		}
	}
	places := make([]uint64, 0, len(leaves))
	for len(leaves) > 0 {
		l.mu.Lock()
		end, kept, moved, broken := l.integrated+uint64(len(l.pending)), l.integrated, l.moved, l.broken
		l.mu.Unlock()
		if broken != nil {
			return nil, broken
		}
		n, err := l.journal.write(end, leaves, kept)
		if errors.Is(err, errFull) {
			token(l.hurry)
			select {
			case <-moved:
				continue
			case <-ctx.Done():
				return nil, fmt.Errorf("%w: %w", errFull, context.Cause(ctx))
			}
		}
		if err != nil {
			return nil, l.fail(err)
		}
		l.take(leaves[:n])
		for i := range n {
			places = append(places, end+uint64(i))
		}
		leaves = leaves[n:]
	}
	return places, nil
}

// Failed is closed once the log takes nothing any more: what the disk holds is
// not known, and only another start, which reads it, finds out.
func (l *Log) Failed() <-chan struct{} { return l.failed }

// Err says why the log failed.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

func (l *Log) fail(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == nil {
		l.broken = fmt.Errorf("the log takes nothing until it is opened again: %w", err)
		close(l.failed)
	}
	return l.broken
}

func (l *Log) take(leaves [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, leaves...)
	token(l.more)
	if len(l.pending) >= tlog.MaxBatch {
		token(l.hurry)
	}
}

// Size returns how many leaves are durable.
func (l *Log) Size(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.integrated + uint64(len(l.pending)), nil
}

// Hurry has what is pending integrated without waiting for more.
func (l *Log) Hurry() { token(l.hurry) }

// Read calls each with the leaves from one index up to, not including, another,
// in order, until it returns an error. to is at most Size.
func (l *Log) Read(ctx context.Context, from, to uint64, each func(index uint64, leaf []byte) error) error {
	l.mu.Lock()
	integrated, pending := l.integrated, l.pending
	l.mu.Unlock()
	if to > integrated+uint64(len(pending)) {
		return fmt.Errorf("read log to %d: it has %d leaves", to, integrated+uint64(len(pending)))
	}
	if from < integrated {
		if err := l.tree.Read(ctx, from, min(to, integrated), each); err != nil {
			return err
		}
		from = min(to, integrated)
	}
	for ; from < to; from++ {
		if err := each(from, pending[from-integrated]); err != nil {
			return err
		}
	}
	return nil
}

// Leaf returns the leaf at an index below Size.
func (l *Log) Leaf(ctx context.Context, index uint64) (leaf []byte, err error) {
	err = l.Read(ctx, index, index+1, func(_ uint64, bytes []byte) error {
		leaf = bytes
		return nil
	})
	return leaf, err
}

// keepIntegrating is the goroutine that brings leaves into the tree.
func (l *Log) keepIntegrating(ctx context.Context) {
	wait := pause
	for {
		select {
		case <-l.more:
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.hurry:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
		if err := l.integrate(ctx); err != nil && ctx.Err() == nil {
			l.logger.ErrorContext(ctx, "leaves not integrated", telemetry.Err(err))
			wait = min(2*wait, maxBackoff)
			token(l.more)
			continue
		}
		wait = pause
	}
}

// integrate brings a batch into the tree. Where that fails, some of it may be
// there, so the tree is asked each time how far it is.
func (l *Log) integrate(ctx context.Context) error {
	if err := l.look(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	batch, first := l.pending[:min(len(l.pending), tlog.MaxBatch)], l.integrated
	l.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	places, err := l.tree.Append(ctx, batch)
	if err != nil {
		return err
	}
	for i, place := range places {
		if place != first+uint64(i) {
			return l.fail(fmt.Errorf("leaf %d was integrated at %d", first+uint64(i), place))
		}
	}
	l.forget(uint64(len(places)))
	return nil
}

// look notes leaves that the tree has, and we do not know of.
func (l *Log) look(ctx context.Context) error {
	size, err := l.tree.Size(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	known, end := l.integrated, l.integrated+uint64(len(l.pending))
	l.mu.Unlock()
	if size < known || size > end {
		return fmt.Errorf("the tree has %d leaves, known are %d to %d", size, known, end)
	}
	l.forget(size - known)
	return nil
}

func (l *Log) forget(n uint64) {
	if n == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.integrated += n
	l.pending = l.pending[n:]
	close(l.moved)
	l.moved = make(chan struct{})
	if len(l.pending) > 0 {
		token(l.more)
	}
	if len(l.pending) >= tlog.MaxBatch {
		token(l.hurry)
	}
}

// token leaves a token where none lies.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
