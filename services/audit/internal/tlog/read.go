package tlog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
)

// Checkpoint is a published, signed state of the tree.
type Checkpoint struct {
	Size uint64
	Root []byte // SHA-256, RFC 6962
	Note []byte // C2SP tlog-checkpoint, signed
}

// Checkpoint returns the newest one, after checking our own signature: a file
// that somebody wrote over is not passed on.
func (l *Log) Checkpoint(ctx context.Context) (Checkpoint, error) {
	text, err := l.reader.ReadCheckpoint(ctx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	parsed, _, _, err := log.ParseCheckpoint(text, l.origin, l.verifier)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	return Checkpoint{Size: parsed.Size, Root: parsed.Hash, Note: text}, nil
}

// AwaitCheckpoint waits for a checkpoint of at least size leaves, as long as ctx
// allows.
func (l *Log) AwaitCheckpoint(ctx context.Context, size uint64) (Checkpoint, error) {
	ticker := time.NewTicker(l.interval / 4)
	defer ticker.Stop()
	for {
		checkpoint, err := l.Checkpoint(ctx)
		switch {
		case err == nil && checkpoint.Size >= size:
			return checkpoint, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist): // a new log has none yet
			return Checkpoint{}, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return Checkpoint{}, fmt.Errorf("wait for a checkpoint of %d leaves: %w", size, context.Cause(ctx))
		}
	}
}

// tile reads a tile as it was when it had width hashes, and at least those;
// width 0 is a whole tile. Tessera keeps a partial tile for each size at which a
// batch ended; for other sizes the newest one has the same hashes first.
func (l *Log) tile(ctx context.Context, level, index uint64, width uint8) ([]byte, error) {
	hashes, err := l.reader.ReadTile(ctx, level, index, width)
	if !errors.Is(err, fs.ErrNotExist) || width == 0 {
		return hashes, err
	}
	size, err := l.Size(ctx)
	if err != nil {
		return nil, err
	}
	hashes, err = l.reader.ReadTile(ctx, level, index, layout.PartialTileSize(level, index, size))
	if err != nil {
		return nil, err
	}
	if len(hashes) < int(width)*sha256.Size {
		return nil, fmt.Errorf("tile %d/%d has %d bytes, %d hashes are needed", level, index, len(hashes), width)
	}
	return hashes[:int(width)*sha256.Size], nil
}

// InclusionProof returns the RFC 6962 audit path of a leaf in the tree of size
// leaves, leaf to root. The tree must have been published.
func (l *Log) InclusionProof(ctx context.Context, index, size uint64) ([][]byte, error) {
	builder, err := client.NewProofBuilder(ctx, size, l.tile)
	if err != nil {
		return nil, fmt.Errorf("inclusion proof: %w", err)
	}
	hashes, err := builder.InclusionProof(ctx, index)
	if err != nil {
		return nil, fmt.Errorf("inclusion proof of %d in %d: %w", index, size, err)
	}
	return hashes, nil
}

// ConsistencyProof returns the RFC 6962 proof that the tree of from leaves is a
// prefix of the tree of to leaves. Both must have been published.
func (l *Log) ConsistencyProof(ctx context.Context, from, to uint64) ([][]byte, error) {
	if from == 0 || from == to {
		return nil, nil // nothing to prove
	}
	builder, err := client.NewProofBuilder(ctx, to, l.tile)
	if err != nil {
		return nil, fmt.Errorf("consistency proof: %w", err)
	}
	hashes, err := builder.ConsistencyProof(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("consistency proof of %d and %d: %w", from, to, err)
	}
	return hashes, nil
}

// Read calls each with the leaves from one index up to, not including, another,
// in order, until it returns an error. to is at most Size.
func (l *Log) Read(ctx context.Context, from, to uint64, each func(index uint64, leaf []byte) error) error {
	size, err := l.Size(ctx)
	if err != nil {
		return err
	}
	if to > size {
		return fmt.Errorf("read log to %d: it has %d leaves", to, size)
	}
	for from < to {
		number := from / layout.EntryBundleWidth
		bundle, err := client.GetEntryBundle(ctx, l.reader.ReadEntryBundle, number, size)
		if err != nil {
			return fmt.Errorf("read log at %d: %w", from, err)
		}
		first := number * layout.EntryBundleWidth
		end := min(to, first+uint64(len(bundle.Entries)))
		if from >= end {
			return fmt.Errorf("read log at %d: its bundle is short", from)
		}
		for ; from < end; from++ {
			if err := each(from, bundle.Entries[from-first]); err != nil {
				return err
			}
		}
	}
	return nil
}
