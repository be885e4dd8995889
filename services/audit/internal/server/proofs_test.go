package server_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// reader checks what the service says with code that shares nothing with what
// wrote it: golang.org/x/mod's notes and trees.
type reader struct {
	verifiers note.Verifiers
}

func newReader(t *testing.T, w *world) reader {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(w.dir, "log.pub"))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		t.Fatal(err)
	}
	return reader{note.VerifierList(verifier)}
}

type fatal interface{ Fatalf(string, ...any) }

// tree opens a checkpoint.
func (r reader) tree(t fatal, checkpoint string) tlog.Tree {
	n, err := note.Open([]byte(checkpoint), r.verifiers)
	if err != nil {
		t.Fatalf("the checkpoint's signature: %v", err)
	}
	origin, rest, _ := strings.Cut(n.Text, "\n")
	if origin != "hygia.test/audit" {
		t.Fatalf("the checkpoint's origin is %q", origin)
	}
	// A checkpoint differs from the go.sum database's tree in its first line.
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + rest))
	if err != nil {
		t.Fatalf("the checkpoint: %v", err)
	}
	return tree
}

func hashes(t fatal, raw [][]byte) (out []tlog.Hash) {
	for _, b := range raw {
		if len(b) != tlog.HashSize {
			t.Fatalf("a hash has %d bytes", len(b))
		}
		out = append(out, tlog.Hash(b))
	}
	return out
}

func TestProofsHoldForAnIndependentVerifier(t *testing.T) {
	w := newWorld(t)
	r := newReader(t, w)
	ctx := as(t.Context(), "dpo")
	var logged []*auditv1.Event
	var trees []tlog.Tree
	rapid.Check(t, func(rt *rapid.T) {
		batch := make([]*auditv1.Event, rapid.IntRange(1, 200).Draw(rt, "appended"))
		for i := range batch {
			batch[i] = audittest.Event()
		}
		places := w.append(t, batch...)
		logged = append(logged, batch...)

		event := rapid.SampledFrom(logged).Draw(rt, "event")
		if rapid.Bool().Draw(rt, "a new one") {
			event = batch[len(batch)-1]
		}
		proof, err := w.gateway.GetInclusionProof(ctx, &auditv1.GetInclusionProofRequest{Id: event.GetId()})
		if err != nil {
			rt.Fatalf("inclusion proof: %v", err)
		}
		tree := r.tree(rt, proof.GetCheckpoint())
		if uint64(tree.N) != proof.GetTreeSize() {
			rt.Fatalf("proof in a tree of %d with a checkpoint of %d", proof.GetTreeSize(), tree.N)
		}
		leaf := tlog.RecordHash(proof.GetLeaf())
		if err := tlog.CheckRecord(hashes(rt, proof.GetHashes()), tree.N, tree.Hash, int64(proof.GetIndex()), leaf); err != nil {
			rt.Fatalf("inclusion of leaf %d in %d: %v", proof.GetIndex(), tree.N, err)
		}
		var content struct{ ID string }
		if err := json.Unmarshal(proof.GetLeaf(), &content); err != nil || content.ID != event.GetId() {
			rt.Fatalf("the leaf is of %q, %v; want %q", content.ID, err, event.GetId())
		}
		if err := tlog.CheckRecord(hashes(rt, proof.GetHashes()), tree.N, tree.Hash, int64(proof.GetIndex()), tlog.RecordHash([]byte("forged"))); err == nil {
			rt.Fatalf("the proof holds for a forged leaf")
		}
		if event.GetId() == batch[len(batch)-1].GetId() && proof.GetIndex() != places[len(places)-1] {
			rt.Fatalf("the event is at %d, Append said %d", proof.GetIndex(), places[len(places)-1])
		}

		trees = append(trees, tree)
		old := rapid.SampledFrom(trees).Draw(rt, "an older tree")
		if old.N > tree.N {
			rt.Fatalf("the published tree shrank from %d to %d", old.N, tree.N)
		}
		consistency, err := w.gateway.GetConsistencyProof(ctx, &auditv1.GetConsistencyProofRequest{
			FromSize: uint64(old.N), ToSize: uint64(tree.N),
		})
		if err != nil {
			rt.Fatalf("consistency proof: %v", err)
		}
		if err := tlog.CheckTree(hashes(rt, consistency.GetHashes()), tree.N, tree.Hash, old.N, old.Hash); err != nil {
			rt.Fatalf("consistency of %d and %d: %v", old.N, tree.N, err)
		}
	})
}

func TestProofsInAChosenTree(t *testing.T) {
	w := newWorld(t)
	ctx := as(t.Context(), "dpo")
	first, last := audittest.Event(), audittest.Event()
	w.append(t, first, audittest.Event(), last)
	if _, err := w.gateway.GetInclusionProof(ctx, &auditv1.GetInclusionProofRequest{Id: last.GetId()}); err != nil {
		t.Fatal(err) // published from here on
	}
	proof, err := w.gateway.GetInclusionProof(ctx, &auditv1.GetInclusionProofRequest{Id: first.GetId(), TreeSize: 2})
	if err != nil || proof.GetTreeSize() != 2 || len(proof.GetHashes()) != 1 {
		t.Errorf("proof in a tree of two: %v, %v", proof, err)
	}
	for name, call := range map[string]func() error{
		"a tree before the event": func() error {
			_, err := w.gateway.GetInclusionProof(ctx, &auditv1.GetInclusionProofRequest{Id: last.GetId(), TreeSize: 2})
			return err
		},
		"a tree that is not there": func() error {
			_, err := w.gateway.GetInclusionProof(ctx, &auditv1.GetInclusionProofRequest{Id: last.GetId(), TreeSize: 1 << 40})
			return err
		},
		"consistency with a tree that is not there": func() error {
			_, err := w.gateway.GetConsistencyProof(ctx, &auditv1.GetConsistencyProofRequest{FromSize: 1, ToSize: 1 << 40})
			return err
		},
		"consistency backwards": func() error {
			_, err := w.gateway.GetConsistencyProof(ctx, &auditv1.GetConsistencyProofRequest{FromSize: 2, ToSize: 1})
			return err
		},
	} {
		if err := call(); status.Code(err) != codes.OutOfRange {
			t.Errorf("%s: %v, want OUT_OF_RANGE", name, err)
		}
	}
	if proof, err := w.gateway.GetConsistencyProof(ctx, &auditv1.GetConsistencyProofRequest{ToSize: 2}); err != nil || len(proof.GetHashes()) != 0 {
		t.Errorf("consistency with the empty tree: %v, %v", proof, err)
	}
}

func TestANewLogHasACheckpoint(t *testing.T) {
	w := newWorld(t)
	got, err := w.gateway.GetCheckpoint(as(t.Context(), "dpo"), &auditv1.GetCheckpointRequest{})
	if err != nil {
		t.Fatal(err)
	}
	newReader(t, w).tree(t, got.GetCheckpoint())
}
