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
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"
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

// Failure is one thing that does not hold.
type Failure struct {
	// Check that failed: "checkpoint", "consistency", "listing", "leaf",
	// "inclusion" or "intent".
	Check string `json:"check"`
	// Event is the id of the event concerned, where it is one.
	Event string `json:"event,omitempty"`
	Index *int64 `json:"index,omitempty"`
	// Message says what was expected and what was found.
	Message string `json:"message"`
}

// Report is what a run found. The log is verified where there are no failures.
type Report struct {
	Verified bool   `json:"verified"`
	Origin   string `json:"origin"`
	// Size of the tree, in leaves of all tenants.
	Size int64 `json:"size"`
	// Root hash, in base64.
	Root string `json:"root"`
	// PreviousSize is the size at the last run, 0 at the first.
	PreviousSize int64 `json:"previousSize"`
	// FinalSize is the size when the run ended; the growth is proved too.
	FinalSize int64     `json:"finalSize"`
	Failures  []Failure `json:"failures"`
	// OpenIntents are changes of which no outcome is known.
	OpenIntents []Event `json:"openIntents"`
	// Events are those proved, in the order of the log.
	Events []Event `json:"events"`
	// Proofs counts the events that were proved in this run; the others were
	// proved in an earlier one, and are still listed as they were.
	Proofs int `json:"proofs"`
	// Later counts events that were listed but are newer than the checkpoint.
	Later int `json:"later"`
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

// withheld turns "not found" into a failure: the log owes the proof. Any other
// error ends the run.
func (r *run) withheld(err error, check string, e *Event, message string) error {
	var missing interface{ NotFound() bool }
	if errors.As(err, &missing) && missing.NotFound() {
		r.fail(check, e, message)
		return nil
	}
	return err
}

func (r *run) fail(check string, e *Event, message string) {
	f := Failure{Check: check, Message: message}
	if e != nil {
		index := e.Index
		f.Event, f.Index = e.ID, &index
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Failures = append(r.report.Failures, f)
}
