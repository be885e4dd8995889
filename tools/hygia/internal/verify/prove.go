package verify

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"
)

func (r *run) prove(ctx context.Context, listed []Listed) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, r.options.Workers))
	covered := slices.DeleteFunc(slices.Clone(listed), func(l Listed) bool { return int64(l.Index) >= r.head.Size })
	r.report.Later = len(listed) - len(covered)
	for _, l := range covered {
		group.Go(func() error { return r.proveOne(ctx, l, len(covered)) })
	}
	return group.Wait()
}

// proveOne proves that the event, as it is listed, is what the log committed to.
func (r *run) proveOne(ctx context.Context, l Listed, total int) error {
	index := int64(l.Index)
	event, claimed, err := parseEvent(l.Event)
	if err != nil {
		r.fail("listing", &Event{Index: index}, err.Error())
		return nil
	}
	event.Index = index
	if seen := r.options.State.Seen[event.tenant][index]; !r.options.Again && r.options.Event == "" &&
		seen.Leaf != nil && bytes.Equal(seen.Listing, digest(claimed)) {
		r.proved(event, seen, total)
		return nil
	}
	inclusion, err := r.log.Inclusion(ctx, event.ID, r.head.Size)
	if err != nil {
		return r.withheld(err, "inclusion", &event, "it is listed, and the log has no proof of it")
	}
	hash := tlog.RecordHash(inclusion.Leaf)
	if err := r.included(inclusion, event, hash); err != nil {
		r.fail("inclusion", &event, err.Error())
		return nil
	}
	if logged, err := parseLeaf(inclusion.Leaf); err != nil {
		r.fail("leaf", &event, err.Error())
		return nil
	} else if names := difference(logged, claimed); len(names) > 0 {
		r.fail("leaf", &event, fmt.Sprintf("the listing and the log differ in %q", names))
		return nil
	}
	r.mu.Lock()
	r.report.Proofs++
	r.mu.Unlock()
	r.proved(event, Proved{Leaf: hash[:], Listing: digest(claimed)}, total)
	return nil
}

func (r *run) proved(event Event, p Proved, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Events = append(r.report.Events, event)
	r.hashes[event.Index] = p
	r.done++
	if r.options.Progress != nil {
		r.options.Progress(r.done, total)
	}
}

func (r *run) included(p Inclusion, event Event, leaf tlog.Hash) error {
	if int64(p.Index) != event.Index {
		return fmt.Errorf("it is listed at %d, and proved at %d", event.Index, p.Index)
	}
	if int64(p.TreeSize) != r.head.Size {
		return fmt.Errorf("the proof is for the size %d, %d was asked", p.TreeSize, r.head.Size)
	}
	path, err := toHashes(p.Hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, r.head.Size, r.head.Root, event.Index, leaf); err != nil {
		return fmt.Errorf("the leaf is not in the tree of the checkpoint: %w", err)
	}
	beside, err := ParseCheckpoint(p.Checkpoint, r.key)
	if err != nil {
		return err
	}
	if beside.Size < r.head.Size || (beside.Size == r.head.Size && beside.Root != r.head.Root) {
		return fmt.Errorf("another checkpoint of the size %d stands beside the proof", beside.Size)
	}
	return nil
}
