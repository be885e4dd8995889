package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
	"pgregory.net/rapid"
)

const origin = "hygia.local/audit"

func run(t *testing.T, log *memoryLog, state verify.State) (verify.Report, verify.State) {
	t.Helper()
	report, next, err := verify.Run(t.Context(), log, verify.Options{Key: log.key, State: state, Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	return report, next
}

func TestVerifiesALogThatGrows(t *testing.T) {
	log := newLog(t, origin)
	var state verify.State
	previous := int64(0)
	for _, n := range []int{1, 1, 4, 0, 23, 100} {
		log.grow(n)
		var report verify.Report
		report, state = run(t, log, state)
		size := int64(len(log.leaves))
		if !report.Verified || len(report.Failures) != 0 {
			t.Fatalf("at %d: %+v", size, report.Failures)
		}
		if report.Size != size || report.PreviousSize != previous || report.Origin != origin {
			t.Errorf("got size %d after %d of %q, want %d after %d", report.Size, report.PreviousSize, report.Origin, size, previous)
		}
		if want := len(log.leaves) - len(log.leaves)/3; len(report.Events) != want {
			t.Errorf("at %d: %d events are proved, want %d", size, len(report.Events), want)
		}
		previous = size
	}
}

// What was proved once is proved again only where it is listed otherwise, or
// where that is asked for.
func TestProvesOnce(t *testing.T) {
	log := newLog(t, origin)
	log.grow(9)
	first, state := run(t, log, verify.State{})
	log.grow(3)
	second, state := run(t, log, state)
	if first.Proofs != 6 || second.Proofs != 2 || len(second.Events) != 8 {
		t.Errorf("proved %d of %d, then %d of %d", first.Proofs, len(first.Events), second.Proofs, len(second.Events))
	}
	again, _, err := verify.Run(t.Context(), log, verify.Options{Key: log.key, State: state, Again: true})
	if err != nil || again.Proofs != 8 {
		t.Errorf("again: %d, %v", again.Proofs, err)
	}
	log.listing = func(all []verify.Listed) []verify.Listed {
		last := &all[len(all)-1]
		last.Event = bytes.Replace(last.Event, []byte(`"/m"`), []byte(`"/n"`), 1)
		return all
	}
	if report, _ := run(t, log, state); report.Verified || report.Failures[0].Check != "leaf" {
		t.Errorf("got %+v", report.Failures)
	}
}

// tamper cases change one part of what is served; each must be a failure of its
// check, and must leave the state as it was.
var tamper = []struct {
	name, check string
	do          func(log, other *memoryLog)
}{
	{"signature", "checkpoint", func(l, _ *memoryLog) {
		l.head = func(s string) string {
			// A letter in the middle of the signature, where base64 wastes no bits.
			b := []byte(s)
			if b[len(b)-40] == 'A' {
				b[len(b)-40] = 'B'
			} else {
				b[len(b)-40] = 'A'
			}
			return string(b)
		}
	}},
	{"no signature", "checkpoint", func(l, _ *memoryLog) {
		l.head = func(s string) string { return s[:strings.Index(s, "\n\n")+2] }
	}},
	{"root", "checkpoint", func(l, _ *memoryLog) {
		l.head = func(s string) string { return strings.Replace(s, "\n", "\n1", 1) }
	}},
	{"another log's key", "checkpoint", func(l, other *memoryLog) {
		l.head = func(string) string { other.grow(len(l.leaves)); return other.sign(int64(len(other.leaves))) }
	}},
	{"not a note", "checkpoint", func(l, _ *memoryLog) { l.head = func(string) string { return "<html>" } }},
	{"huge", "checkpoint", func(l, _ *memoryLog) {
		l.head = func(s string) string { return strings.Repeat("x", 1<<20) + s }
	}},
	{"leaf", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Leaf = bytes.Replace(p.Leaf, []byte("create"), []byte("delete"), 1) }
	}},
	{"leaf of another event", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Leaf = l.leaves[(int(p.Index)+3)%len(l.leaves)] }
	}},
	{"path", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Hashes[len(p.Hashes)-1][5] ^= 4 }
	}},
	{"path cut", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Hashes = p.Hashes[1:] }
	}},
	{"path too long", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Hashes = append(p.Hashes, make([]byte, 32)) }
	}},
	{"path of short hashes", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Hashes[0] = p.Hashes[0][:31] }
	}},
	{"size of the proof", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.TreeSize-- }
	}},
	{"index", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Index++ }
	}},
	{"checkpoint beside a proof", "inclusion", func(l, other *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n", "\n9", 1) }
	}},
	{"older checkpoint beside a proof", "inclusion", func(l, _ *memoryLog) {
		l.inclusion = func(p *verify.Inclusion) { p.Checkpoint = l.sign(2) }
	}},
	{"listed with another outcome", "leaf", func(l, _ *memoryLog) {
		l.listing = func(all []verify.Listed) []verify.Listed {
			all[0].Event = bytes.Replace(all[0].Event, []byte("OUTCOME_SUCCESS"), []byte("OUTCOME_REFUSED"), 1)
			return all
		}
	}},
	{"listed with an object more", "leaf", func(l, _ *memoryLog) {
		l.listing = func(all []verify.Listed) []verify.Listed {
			all[0].Event = bytes.Replace(all[0].Event, []byte(`"objects":[]`), []byte(`"objects":[{"kind":"entry","id":"1"}]`), 1)
			return all
		}
	}},
	{"listed, never logged", "inclusion", func(l, _ *memoryLog) {
		l.listing = func(all []verify.Listed) []verify.Listed {
			all[1].Event = bytes.Replace(all[1].Event, []byte(`"id":"e`), []byte(`"id":"f`), 1)
			return all
		}
	}},
	{"listed at another index", "inclusion", func(l, _ *memoryLog) {
		l.listing = func(all []verify.Listed) []verify.Listed { all[1].Index -= 2; return all }
	}},
	{"listed without an id", "listing", func(l, _ *memoryLog) {
		l.listing = func(all []verify.Listed) []verify.Listed { all[0].Event = json.RawMessage(`{}`); return all }
	}},
	{"withheld after it was seen", "listing", func(l, _ *memoryLog) {
		l.listing = func(all []verify.Listed) []verify.Listed { return all[:len(all)-1] }
	}},
	{"all withheld", "listing", func(l, _ *memoryLog) {
		l.listing = func([]verify.Listed) []verify.Listed { return nil }
	}},
	{"rollback", "consistency", func(l, _ *memoryLog) { l.frozen = 7 }},
	{"consistency proof", "consistency", func(l, _ *memoryLog) {
		l.consistency = func(p [][]byte) [][]byte { p[0][0] ^= 1; return p }
	}},
	{"no consistency proof", "consistency", func(l, _ *memoryLog) {
		l.consistency = func([][]byte) [][]byte { return nil }
	}},
	{"forked history", "consistency", func(l, _ *memoryLog) {
		leaves := l.leaves
		l.leaves, l.hashes = nil, nil
		for i, leaf := range leaves {
			if i == 2 {
				leaf = []byte(`{"id":"x2","tenant":"t2","rewritten":true}`)
			}
			l.append(string(leaf))
		}
	}},
	{"intent missing", "intent", func(l, _ *memoryLog) {
		l.listing = func(all []verify.Listed) []verify.Listed { return append(all[:1], all[2:]...) }
	}},
}

func TestTampering(t *testing.T) {
	for _, test := range tamper {
		t.Run(test.name, func(t *testing.T) {
			log, other := newLog(t, origin), newLog(t, origin)
			log.grow(20)
			_, state := run(t, log, verify.State{})
			// 32 leaves: the newest two of the tenant's events are an intent
			// (30) and its outcome (31).
			log.grow(12)
			test.do(log, other)
			report, next := run(t, log, state)
			if report.Verified {
				t.Fatal("verified")
			}
			if got := report.Failures[0].Check; got != test.check {
				t.Errorf("failed at %q, want %q: %+v", got, test.check, report.Failures[0])
			}
			if next.Note != state.Note {
				t.Error("the state moved on")
			}
		})
	}
}

func TestFailureNamesTheEvent(t *testing.T) {
	log := newLog(t, origin)
	log.grow(12)
	log.inclusion = func(p *verify.Inclusion) {
		if p.Index == 4 {
			p.Leaf = append(p.Leaf, ' ')
		}
	}
	report, _ := run(t, log, verify.State{})
	if len(report.Failures) != 1 || report.Failures[0].Event != "e4" || *report.Failures[0].Index != 4 {
		t.Fatalf("got %+v", report.Failures)
	}
}

func TestLeafOfAnotherVersion(t *testing.T) {
	log := newLog(t, origin)
	log.append(`{"v":2,"id":"e0","accessId":"a","time":"2026-07-01T10:00:00.000Z","action":"read","phase":"outcome","outcome":"success","tenant":"t1"}`)
	report, _ := run(t, log, verify.State{})
	if report.Verified || report.Failures[0].Check != "leaf" || !strings.Contains(report.Failures[0].Message, "version 2") {
		t.Fatalf("got %+v", report.Failures)
	}
}

func TestForkOfEqualSize(t *testing.T) {
	log := newLog(t, origin)
	log.grow(5)
	_, state := run(t, log, verify.State{})
	log.leaves, log.hashes = nil, nil
	log.grow(4)
	log.event("e4", "a3", "outcome", "refused", "2026-07-01T10:00:00.005Z")
	if report, _ := run(t, log, state); report.Verified || report.Failures[0].Check != "consistency" {
		t.Fatalf("got %+v", report.Failures)
	}
}

func TestOneEvent(t *testing.T) {
	log := newLog(t, origin)
	log.grow(20)
	report, _, err := verify.Run(t.Context(), log, verify.Options{Key: log.key, Event: "e7"})
	if err != nil || !report.Verified || len(report.Events) != 1 || report.Events[0].ID != "e7" {
		t.Fatalf("got %+v, %v", report, err)
	}
	var gone interface{ NotFound() bool }
	if _, _, err := verify.Run(t.Context(), log, verify.Options{Key: log.key, Event: "nope"}); !errors.As(err, &gone) {
		t.Fatalf("got %v, want not found", err)
	}
}

func TestOpenIntents(t *testing.T) {
	log := newLog(t, origin)
	log.event("killed", "k", "intent", "pending", "2026-07-01T10:00:00.000Z")
	log.event("later", "l", "intent", "pending", "2026-07-01T10:10:00.000Z")
	report, _ := run(t, log, verify.State{})
	if !report.Verified || len(report.OpenIntents) != 1 || report.OpenIntents[0].ID != "killed" {
		t.Fatalf("got %+v, %+v", report.OpenIntents, report.Failures)
	}
}

// Nobody is signed in yet when a login is announced, so no organisation sees its
// intent; a change for a person always has one.
func TestOnlySignedInChangesAreAnnounced(t *testing.T) {
	log := newLog(t, origin)
	log.eventFor("", "login", "a", "outcome", "success", "2026-07-01T10:00:00.000Z")
	if report, _ := run(t, log, verify.State{}); !report.Verified {
		t.Fatalf("a login: got %v", report.Failures)
	}
	log.eventFor("p1", "write", "b", "outcome", "success", "2026-07-01T10:00:01.000Z")
	if report, _ := run(t, log, verify.State{}); report.Verified || report.Failures[0].Check != "intent" {
		t.Fatalf("a write: got %v", report.Failures)
	}
}

func TestGrowthWhileReading(t *testing.T) {
	log := newLog(t, origin)
	log.grow(10)
	log.listing = func(all []verify.Listed) []verify.Listed {
		if len(log.leaves) < 16 {
			log.grow(1)
		}
		return all
	}
	report, _ := run(t, log, verify.State{})
	if !report.Verified || report.Size != 10 || report.FinalSize <= 10 {
		t.Fatalf("got %+v", report)
	}
}

func TestErrorsEndTheRun(t *testing.T) {
	log := newLog(t, origin)
	log.grow(3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := verify.Run(ctx, failing{log}, verify.Options{Key: log.key}); !errors.Is(err, errDown) {
		t.Errorf("got %v, want errDown", err)
	}
	if _, _, err := verify.Run(t.Context(), log, verify.Options{Key: "nonsense"}); err == nil {
		t.Error("a broken key was taken")
	}
	_, state := run(t, log, verify.State{})
	other := newLog(t, origin)
	other.grow(3)
	if _, _, err := verify.Run(t.Context(), other, verify.Options{Key: other.key, State: state}); err == nil {
		t.Error("another log's state was taken")
	}
}

var errDown = errors.New("down")

type failing struct{ *memoryLog }

func (failing) Inclusion(context.Context, string, int64) (verify.Inclusion, error) {
	return verify.Inclusion{}, errDown
}

// One flipped bit anywhere in a leaf or a path is always found.
func TestAnyFlippedBit(t *testing.T) {
	log := newLog(t, origin)
	log.grow(40)
	rapid.Check(t, func(r *rapid.T) {
		victim := rapid.SampledFrom([]int{0, 1, 3, 4, 6, 18, 37, 39}).Draw(r, "victim")
		inPath := rapid.Bool().Draw(r, "in path")
		bit := rapid.IntRange(0, 1<<20).Draw(r, "bit")
		log.inclusion = func(p *verify.Inclusion) {
			if int(p.Index) != victim {
				return
			}
			b := bytes.Clone(p.Leaf)
			if inPath {
				b = p.Hashes[bit%len(p.Hashes)]
			} else {
				p.Leaf = b
			}
			b[bit/8%len(b)] ^= 1 << (bit % 8)
		}
		report, _, err := verify.Run(t.Context(), log, verify.Options{Key: log.key, Workers: 1})
		if err != nil || report.Verified {
			r.Fatalf("verified, or %v", err)
		}
	})
}
