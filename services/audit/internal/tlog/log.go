// Package tlog is the Merkle log on files: Tessera writes it as tlog-tiles
// (C2SP), and this package adds what an operator and the sequencer need: the
// key, a lock on the folder, and proofs at published checkpoints.
//
// One process at a time has a log open, one goroutine at a time appends.
package tlog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sys/unix"
)

const (
	// MaxBatch bounds the leaves of one Append.
	MaxBatch = 256
	// batchAge is how long Tessera waits for company for the first leaf of a
	// batch. Package intake hands over whole batches, so waiting gains nothing;
	// it need only be longer than handing over takes.
	batchAge = 200 * time.Microsecond
	// republish keeps the checkpoint's time young while nothing happens.
	republish = 10 * time.Minute
	// closeTime bounds the wait for the last checkpoint.
	closeTime = 5 * time.Second
)

// Options say where a log is and who it is. All are required.
type Options struct {
	// Dir is the folder; it exists. Key, public key, lock and tree are in it.
	Dir string
	// Origin is the log's name in its checkpoints and in its key, such as
	// "hygia.local/audit". It cannot change.
	Origin string
	// CheckpointInterval is how often a grown tree is published, 100 ms at least.
	CheckpointInterval time.Duration
}

// Log is an open log. Append needs one caller at a time; all else is safe for
// concurrent use.
type Log struct {
	origin   string
	verifier note.Verifier
	interval time.Duration
	lock     *os.File
	appender *tessera.Appender
	reader   tessera.LogReader
	shutdown func(context.Context) error
	stop     context.CancelFunc
}

// Open opens a log, or begins one where the folder has none. It fails where
// another process has the folder open.
func Open(ctx context.Context, o Options) (*Log, error) {
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	log, err := open(ctx, o)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	log.lock = lock
	return log, nil
}

func open(ctx context.Context, o Options) (*Log, error) {
	signer, verifier, err := loadKey(o.Dir, o.Origin)
	if err != nil {
		return nil, err
	}
	// Tessera's goroutines live until Close, not until the start has ended.
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(o.Dir, treeDir)})
	if err != nil {
		stop()
		return nil, fmt.Errorf("open log storage: %w", err)
	}
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(o.CheckpointInterval).
		WithCheckpointRepublishInterval(republish).
		WithBatching(MaxBatch, batchAge).
		WithShutdownTimeout(closeTime))
	if err != nil {
		stop()
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &Log{
		origin: o.Origin, verifier: verifier, interval: o.CheckpointInterval,
		appender: appender, reader: reader, shutdown: shutdown, stop: stop,
	}, nil
}

// lockDir keeps a second process away: each would sequence ids that the other
// does not know. The kernel lets go of the lock when the process dies.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // of the log's own folder
	if err != nil {
		return nil, fmt.Errorf("lock the log's folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: another process has the log open: %w", dir, err), f.Close())
	}
	return f, nil
}

// Close publishes the last checkpoint and gives the folder free. No Append may
// be running, and nothing may be called after it.
func (l *Log) Close() error {
	err := l.shutdown(context.Background())
	l.stop()
	return errors.Join(err, l.lock.Close())
}

// Append sequences leaves, at most MaxBatch, and returns their indexes, in
// order. When it returns them the leaves are durable and integrated into the
// tree. When it returns an error, any of them may be: look at Size.
func (l *Log) Append(ctx context.Context, leaves [][]byte) ([]uint64, error) {
	if len(leaves) > MaxBatch {
		return nil, fmt.Errorf("append to log: more than %d leaves", MaxBatch)
	}
	entries := make([]*tessera.Entry, len(leaves))
	for i, leaf := range leaves {
		entries[i] = tessera.NewEntry(leaf)
	}
	futures := make([]tessera.IndexFuture, len(leaves))
	for i, entry := range entries {
		futures[i] = l.appender.Add(ctx, entry)
	}
	indexes := make([]uint64, len(leaves))
	var problems []error
	for i, future := range futures { // all of them: each ends before the next batch
		index, err := future()
		if err != nil {
			problems = append(problems, err)
		}
		indexes[i] = index.Index
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("append to log: %w", problems[0])
	}
	return indexes, nil
}

// Size returns how many leaves are durable and integrated.
func (l *Log) Size(ctx context.Context) (uint64, error) {
	size, err := l.reader.IntegratedSize(ctx)
	if err != nil {
		return 0, fmt.Errorf("size of log: %w", err)
	}
	return size, nil
}
