package trail_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/leaf"
	"github.com/hygia-suite/hygia/services/audit/internal/trail"
)

// faultyLog is a log in memory whose appends fail before they persist anything,
// or after they persisted all of a batch or some of it.
type faultyLog struct {
	mu     sync.Mutex
	leaves [][]byte
	// fault says what the next Append does: how many leaves it keeps, and if it
	// then fails.
	fault func(n int) (keep int, err error)
	// sizeErr is what Size fails with.
	sizeErr func() error
}

func (l *faultyLog) Append(_ context.Context, leaves [][]byte) ([]uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep, err := len(leaves), error(nil)
	if l.fault != nil {
		keep, err = l.fault(len(leaves))
	}
	var places []uint64
	for _, leaf := range leaves[:keep] {
		places = append(places, uint64(len(l.leaves)))
		l.leaves = append(l.leaves, leaf)
	}
	if err != nil {
		return nil, err
	}
	return places, nil
}

func (l *faultyLog) Size(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sizeErr != nil {
		if err := l.sizeErr(); err != nil {
			return 0, err
		}
	}
	return uint64(len(l.leaves)), nil
}

func (l *faultyLog) Read(_ context.Context, from, to uint64, each func(uint64, []byte) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := from; i < to; i++ {
		if err := each(i, l.leaves[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *faultyLog) ids(t interface{ Fatal(...any) }) (ids []string) {
	for _, bytes := range l.leaves {
		event, err := leaf.Decode(bytes)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, event.GetId())
	}
	return ids
}

func mkdir(t interface{ Fatal(...any) }, dir string) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

var errDisk = errors.New("the disk failed")

// Each step of an append, crossed with "failed", "failed but persisted" and
// "failed and half persisted", and with another failure when the trail looks
// what there is: a caller that repeats its request is answered in the end, and
// the log holds each event once, at the place that was acknowledged.
func TestFaultTable(t *testing.T) {
	for _, keep := range []int{0, 2, 4} {
		for _, looks := range []int{0, 1, 2} {
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprintf("kept %d of 4, %d failed looks, restart %v", keep, looks, restart), func(t *testing.T) {
					log, dir := &faultyLog{}, t.TempDir()
					events := openFaulty(t, log, dir)
					before := events4()
					if _, err := events.Append(t.Context(), before); err != nil {
						t.Fatal(err)
					}
					log.fault = func(int) (int, error) { log.fault = nil; return keep, errDisk }
					left := looks
					log.sizeErr = func() error {
						if left--; left >= 0 {
							return errDisk
						}
						return nil
					}
					batch := events4()
					if _, err := events.Append(t.Context(), batch); !errors.Is(err, trail.ErrUnavailable) {
						t.Fatalf("a failed append: %v", err)
					}
					if restart {
						left = 0
						if err := events.Close(); err != nil {
							t.Fatal(err)
						}
						events = openFaulty(t, log, dir)
					}
					var places []uint64
					var err error
					for range looks + 1 {
						if places, err = events.Append(t.Context(), batch); err == nil {
							break
						}
					}
					if err != nil {
						t.Fatal(err)
					}
					if err := events.Close(); err != nil {
						t.Fatal(err)
					}
					want := []uint64{4, 5, 6, 7}
					if !slices.Equal(places, want) || len(log.leaves) != 8 {
						t.Errorf("places %v in a log of %d, want %v of 8", places, len(log.leaves), want)
					}
					for i, id := range log.ids(t)[4:] {
						if id != batch[i].GetId() {
							t.Errorf("leaf %d is another event", 4+i)
						}
					}
				})
			}
		}
	}
}

func events4() []*auditv1.Event { return events(4) }

func openFaulty(t interface {
	Fatal(...any)
	Context() context.Context
}, log trail.Log, dir string) *trail.Trail {
	events, err := trail.Open(t.Context(), trail.Options{Log: log, Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// Any history of appends, repeats, failures and restarts leaves each
// acknowledged event in the log once, where it was said to be.
func TestExactlyOnceThroughAnyHistory(t *testing.T) {
	dirs := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		dir := fmt.Sprintf("%s/%d", dirs, runs)
		mkdir(t, dir)
		log := &faultyLog{}
		events := openFaulty(t, log, dir)
		defer func() {
			if err := events.Close(); err != nil {
				t.Fatal(err)
			}
		}()
		var pool []*auditv1.Event
		acknowledged := make(map[string]uint64)
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				for range rapid.IntRange(0, 3).Draw(t, "new") {
					pool = append(pool, audittest.Event())
				}
				if len(pool) == 0 {
					t.Skip("nothing to append")
				}
				if n := rapid.IntRange(-1, 5).Draw(t, "kept before the failure"); n >= 0 {
					log.fault = func(all int) (int, error) { log.fault = nil; return min(n, all), errDisk }
				}
				request := rapid.SliceOfN(rapid.SampledFrom(pool), 1, 8).Draw(t, "events")
				places, err := events.Append(t.Context(), request)
				if err != nil {
					return
				}
				for i, event := range request {
					if place, ok := acknowledged[event.GetId()]; ok && place != places[i] {
						t.Fatalf("one event was said to be at %d and at %d", place, places[i])
					}
					acknowledged[event.GetId()] = places[i]
				}
			},
			"restart": func(t *rapid.T) {
				if err := events.Close(); err != nil {
					t.Fatal(err)
				}
				events = openFaulty(t, log, dir)
			},
			"": func(t *rapid.T) {
				at := make(map[string]int)
				for i, id := range log.ids(t) {
					if first, ok := at[id]; ok {
						t.Fatalf("an id is in the log twice, at %d and %d", first, i)
					}
					at[id] = i
				}
				for id, place := range acknowledged {
					if got, ok := at[id]; !ok || uint64(got) != place {
						t.Fatalf("an acknowledged event is at %d, %v; want %d", got, ok, place)
					}
				}
			},
		})
	})
}
