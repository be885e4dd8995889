package verify_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// memoryLog is a log of one tenant among others, with a hook at every answer.
type memoryLog struct {
	t      *testing.T
	signer note.Signer
	key    string
	leaves [][]byte
	hashes []tlog.Hash

	head        func(text string) string
	listing     func([]verify.Listed) []verify.Listed
	inclusion   func(*verify.Inclusion)
	consistency func([][]byte) [][]byte
	// frozen, where it is not 0, is the size of the checkpoint that is served.
	frozen int64
	pages  int
}

func newLog(t *testing.T, origin string) *memoryLog {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return &memoryLog{t: t, signer: signer, key: public, pages: 3}
}

type missing struct{ error }

func (missing) NotFound() bool { return true }

func (l *memoryLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = l.hashes[index]
	}
	return out, nil
}

func (l *memoryLog) append(leaf string) {
	l.t.Helper()
	hashes, err := tlog.StoredHashes(int64(len(l.leaves)), []byte(leaf), l)
	if err != nil {
		l.t.Fatal(err)
	}
	l.leaves = append(l.leaves, []byte(leaf))
	l.hashes = append(l.hashes, hashes...)
}

// event appends a change of the tenant's, made for a person.
func (l *memoryLog) event(id, access, phase, outcome, time string) {
	l.eventFor("p1", id, access, phase, outcome, time)
}

// eventFor appends a change made for somebody, or for nobody who is signed in.
func (l *memoryLog) eventFor(person, id, access, phase, outcome, time string) {
	signedIn := ""
	if person != "" {
		signedIn = fmt.Sprintf(`,"person":%q`, person)
	}
	l.append(fmt.Sprintf(`{"v":1,"id":%q,"accessId":%q,"time":%q,"service":"spiffe://t/content","method":"/m","action":"create","phase":%q,"outcome":%q,"tenant":"t1"%s}`, id, access, time, phase, outcome, signedIn))
}

func (l *memoryLog) grow(n int) {
	for range n {
		i := len(l.leaves)
		switch i % 3 {
		case 0:
			l.event(fmt.Sprint("e", i), fmt.Sprint("a", i), "intent", "pending", "2026-07-01T10:00:00.000Z")
		case 1:
			l.event(fmt.Sprint("e", i), fmt.Sprint("a", i-1), "outcome", "success", "2026-07-01T10:00:00.005Z")
		default:
			l.append(fmt.Sprintf(`{"id":"x%d","tenant":"t2"}`, i))
		}
	}
}

func (l *memoryLog) size() int64 {
	if l.frozen != 0 {
		return l.frozen
	}
	return int64(len(l.leaves))
}

func (l *memoryLog) sign(size int64) string {
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		l.t.Fatal(err)
	}
	text, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", l.signer.Name(), size, root)}, l.signer)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

func (l *memoryLog) Checkpoint(context.Context) (string, error) {
	text := l.sign(l.size())
	if l.head != nil {
		text = l.head(text)
	}
	return text, nil
}

// listed gives an event as the gateway would: proto3 JSON.
func (l *memoryLog) listed(i int) verify.Listed {
	var event map[string]any
	if err := json.Unmarshal(l.leaves[i], &event); err != nil {
		l.t.Fatal(err)
	}
	for key, prefix := range map[string]string{"action": "ACTION_", "phase": "PHASE_", "outcome": "OUTCOME_"} {
		event[key] = prefix + upper(event[key].(string))
	}
	delete(event, "v")
	event["objects"] = []any{}
	if event["person"] == nil {
		event["person"] = ""
	}
	text, err := json.Marshal(map[string]any{"index": fmt.Sprint(i), "event": event})
	if err != nil {
		l.t.Fatal(err)
	}
	var out verify.Listed
	if err := json.Unmarshal(text, &out); err != nil {
		l.t.Fatal(err)
	}
	return out
}

func (l *memoryLog) Events(_ context.Context, page string) ([]verify.Listed, string, error) {
	var all []verify.Listed
	for i := range l.leaves {
		if i%3 != 2 {
			all = append(all, l.listed(i))
		}
	}
	slices.Reverse(all)
	if l.listing != nil {
		all = l.listing(all)
	}
	start := 0
	if page != "" {
		if _, err := fmt.Sscan(page, &start); err != nil {
			return nil, "", err
		}
	}
	end := min(start+max(1, len(all)/l.pages), len(all))
	next := ""
	if end < len(all) {
		next = fmt.Sprint(end)
	}
	return all[start:end], next, nil
}

func (l *memoryLog) find(id string) int {
	return slices.IndexFunc(l.leaves, func(leaf []byte) bool {
		var e struct{ ID string }
		return json.Unmarshal(leaf, &e) == nil && e.ID == id
	})
}

func (l *memoryLog) Event(_ context.Context, id string) (verify.Listed, error) {
	i := l.find(id)
	if i < 0 {
		return verify.Listed{}, missing{fmt.Errorf("no event %s", id)}
	}
	return l.listed(i), nil
}

func (l *memoryLog) Inclusion(_ context.Context, id string, size int64) (verify.Inclusion, error) {
	i := l.find(id)
	if i < 0 {
		return verify.Inclusion{}, missing{fmt.Errorf("no event %s", id)}
	}
	proof, err := tlog.ProveRecord(size, int64(i), l)
	if err != nil {
		return verify.Inclusion{}, err
	}
	raw, err := json.Marshal(map[string]any{"index": i, "treeSize": fmt.Sprint(size), "leaf": l.leaves[i], "hashes": bytesOf(proof), "checkpoint": l.sign(int64(len(l.leaves)))})
	if err != nil {
		return verify.Inclusion{}, err
	}
	var out verify.Inclusion
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, err
	}
	if l.inclusion != nil {
		l.inclusion(&out)
	}
	return out, nil
}

func (l *memoryLog) Consistency(_ context.Context, from, to int64) ([][]byte, error) {
	proof, err := tlog.ProveTree(to, from, l)
	out := bytesOf(proof)
	if l.consistency != nil {
		out = l.consistency(out)
	}
	return out, err
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}

func upper(s string) string {
	b := []byte(s)
	for i := range b {
		if 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 32
		}
	}
	return string(b)
}
