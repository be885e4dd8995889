package trail

import (
	"bytes"
	"context"
	"fmt"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
)

// batch is what a group adds to the log: each new id once.
type batch struct {
	events []*auditv1.Event
	leaves [][]byte
	slots  map[string]int // of an id among the events
	first  uint64         // place of the first one, once appended
}

// add takes the events of a request that the log does not hold. It is false, and
// takes none, where an id is that of another event, in the log or in the batch.
func (b *batch) add(r *request, known map[string]index.Place) bool {
	if b.slots == nil {
		b.slots = make(map[string]int)
	}
	size := len(b.leaves)
	for i, event := range r.events {
		id := event.GetId()
		if place, ok := known[id]; ok {
			if !bytes.Equal(place.Leaf, r.leaves[i]) {
				b.cut(size)
				return false
			}
			continue
		}
		if slot, ok := b.slots[id]; ok {
			if !bytes.Equal(b.leaves[slot], r.leaves[i]) {
				b.cut(size)
				return false
			}
			continue
		}
		b.slots[id] = len(b.leaves)
		b.events, b.leaves = append(b.events, event), append(b.leaves, r.leaves[i])
	}
	return true
}

// cut takes back what was added beyond a size.
func (b *batch) cut(size int) {
	for _, event := range b.events[size:] {
		delete(b.slots, event.GetId())
	}
	b.events, b.leaves = b.events[:size], b.leaves[:size]
}

// fill writes the places of a request's events.
func (b *batch) fill(r *request, known map[string]index.Place) {
	for i, event := range r.events {
		if place, ok := known[event.GetId()]; ok {
			r.places[i] = place.Position
		} else {
			r.places[i] = b.first + uint64(b.slots[event.GetId()])
		}
	}
}

// places looks for the ids of a group among the leaves that are not indexed yet,
// then in the index.
func (t *Trail) places(ctx context.Context, group []*request) (map[string]index.Place, error) {
	known := make(map[string]index.Place)
	var rest []string
	for _, r := range group {
		for _, event := range r.events {
			if place, ok := t.unindexed.place(event.GetId()); ok {
				known[event.GetId()] = place
			} else {
				rest = append(rest, event.GetId())
			}
		}
	}
	indexed, err := t.index.Places(ctx, rest)
	if err != nil {
		return nil, err
	}
	for id, place := range indexed {
		known[id] = place
	}
	return known, nil
}

// append puts the batch into the log and hands it to the index.
func (t *Trail) append(ctx context.Context, b *batch) error {
	b.first = t.size
	for start := 0; start < len(b.leaves); start += tlog.MaxBatch {
		end := min(start+tlog.MaxBatch, len(b.leaves))
		places, err := t.log.Append(ctx, b.leaves[start:end])
		if err != nil {
			return err
		}
		for i, place := range places {
			if place != t.size {
				return fmt.Errorf("the log gave place %d where %d was next", place, t.size)
			}
			t.size++
			t.unindexed.add(index.Row{Position: place, Event: b.events[start+i], Leaf: b.leaves[start+i]})
		}
	}
	return nil
}
