package verify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/note"
)

// maxEvents bounds one run.
const maxEvents = 2_000_000

// Options say what to verify, and against what.
type Options struct {
	// Key is the log's verifier key, "name+hash+key" (C2SP signed-note).
	Key string
	// Event, where it is given, is the id of the only event to prove.
	Event string
	// State is the last run's.
	State State
	// Again proves anew what State says was proved.
	Again bool
	// Workers is how many proofs are fetched at once; at least 1.
	Workers int
	// Progress is told how many events of how many are proved; it may be nil. It
	// is called from one goroutine at a time.
	Progress func(done, total int)
}

// run is one verification.
type run struct {
	log     Log
	key     note.Verifier
	options Options

	head Checkpoint

	mu     sync.Mutex
	report Report
	hashes map[int64]Proved
	done   int
}

// Run verifies the log and gives the report, and the state for the next run. An
// error means that it could not be finished: what it had to read was not given.
// What was given and does not hold is a failure in the report; the state is then
// the old one.
func Run(ctx context.Context, log Log, o Options) (Report, State, error) {
	key, err := note.NewVerifier(o.Key)
	if err != nil {
		return Report{}, o.State, fmt.Errorf("verifier key: %w", err)
	}
	r := &run{log: log, key: key, options: o, hashes: map[int64]Proved{}}
	r.report.Failures, r.report.OpenIntents, r.report.Events = []Failure{}, []Event{}, []Event{}
	if err := r.all(ctx); err != nil {
		return r.report, o.State, err
	}
	slices.SortFunc(r.report.Events, func(a, b Event) int { return cmp.Compare(a.Index, b.Index) })
	r.report.Verified = len(r.report.Failures) == 0
	if !r.report.Verified {
		return r.report, o.State, nil
	}
	return r.report, r.next(), nil
}

func (r *run) all(ctx context.Context) error {
	trusted, err := r.start(ctx)
	if err != nil || !trusted {
		return err
	}
	listed, err := r.list(ctx)
	if err != nil {
		return err
	}
	if err := r.prove(ctx, listed); err != nil {
		return err
	}
	if r.options.Event == "" {
		r.compareWithSeen()
		r.pair()
	}
	return r.end(ctx)
}

// start fetches the checkpoint against which all is proved, and proves that it
// grew from the last one. It tells whether there is a checkpoint to trust.
func (r *run) start(ctx context.Context) (bool, error) {
	text, err := r.log.Checkpoint(ctx)
	if err != nil {
		return false, err
	}
	r.head, err = ParseCheckpoint(text, r.key)
	if err != nil {
		r.fail("checkpoint", nil, err.Error())
		return false, nil
	}
	r.report.Origin, r.report.Size, r.report.Root = r.head.Origin, r.head.Size, r.head.Root.String()
	if r.options.State.Note == "" {
		return true, nil
	}
	last, err := ParseCheckpoint(r.options.State.Note, r.key)
	if err != nil {
		return false, fmt.Errorf("the state file's %w: it belongs to another log, or was changed", err)
	}
	r.report.PreviousSize = last.Size
	return true, r.consistent(ctx, last, r.head)
}

func (r *run) consistent(ctx context.Context, older, newer Checkpoint) error {
	var proof [][]byte
	if older.Size > 0 && older.Size < newer.Size {
		var err error
		if proof, err = r.log.Consistency(ctx, older.Size, newer.Size); err != nil {
			return r.withheld(err, "consistency", nil, fmt.Sprintf("no proof of consistency from %d to %d", older.Size, newer.Size))
		}
	}
	if err := extends(older, newer, proof); err != nil {
		r.fail("consistency", nil, err.Error())
	}
	return nil
}

// end fetches the checkpoint again, and proves that the log has only grown while
// it was read.
func (r *run) end(ctx context.Context) error {
	text, err := r.log.Checkpoint(ctx)
	if err != nil {
		return err
	}
	last, err := ParseCheckpoint(text, r.key)
	if err != nil {
		r.fail("checkpoint", nil, err.Error())
		return nil
	}
	r.report.FinalSize = last.Size
	return r.consistent(ctx, r.head, last)
}

// list gives the events to prove, each index once.
func (r *run) list(ctx context.Context) ([]Listed, error) {
	if r.options.Event != "" {
		one, err := r.log.Event(ctx, r.options.Event)
		return []Listed{one}, err
	}
	var all []Listed
	seen := map[number]bool{}
	page := ""
	for {
		events, next, err := r.log.Events(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			// A page that grew under the reader repeats what the last one had.
			if !seen[e.Index] {
				seen[e.Index] = true
				all = append(all, e)
			}
		}
		if next == "" {
			return all, nil
		}
		if next == page || len(all) > maxEvents {
			return nil, errors.New("the listing of events has no end")
		}
		page = next
	}
}

// compareWithSeen looks for events that an earlier run proved and that are no
// longer listed, or listed with another leaf.
func (r *run) compareWithSeen() {
	tenants := map[string]bool{}
	failed := map[int64]bool{}
	for _, e := range r.report.Events {
		tenants[e.tenant] = true
	}
	for _, f := range r.report.Failures {
		if f.Index != nil {
			failed[*f.Index] = true
		}
	}
	for tenant, seen := range r.options.State.Seen {
		if !tenants[tenant] && len(tenants) > 0 {
			continue
		}
		for index, before := range seen {
			got, ok := r.hashes[index]
			switch {
			case failed[index]:
			case !ok:
				r.fail("listing", &Event{Index: index}, "an event that was proved before is no longer listed")
			case !bytes.Equal(got.Leaf, before.Leaf):
				r.fail("listing", &Event{Index: index}, "the leaf is another than the one that was proved before")
			}
		}
	}
}

// pair joins intents and outcomes.
func (r *run) pair() {
	if open := openIntents(r.report.Events); open != nil {
		r.report.OpenIntents = open
	}
	for _, e := range unannounced(r.report.Events) {
		r.fail("intent", &e, "a change succeeded without an intent before it")
	}
}

// next is the state after a run without failures.
func (r *run) next() State {
	next := State{Note: r.head.Note, Seen: map[string]map[int64]Proved{}}
	for tenant, seen := range r.options.State.Seen {
		next.Seen[tenant] = maps.Clone(seen)
	}
	for _, e := range r.report.Events {
		if next.Seen[e.tenant] == nil {
			next.Seen[e.tenant] = map[int64]Proved{}
		}
		next.Seen[e.tenant][e.Index] = r.hashes[e.Index]
	}
	return next
}
