package verify_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
)

func TestStateRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "state.json")
	if s, err := verify.LoadState(path); err != nil || s.Note != "" {
		t.Fatalf("got %+v, %v", s, err)
	}
	want := verify.State{Note: "n", Seen: map[string]map[int64]verify.Proved{"t": {3: {Leaf: []byte{1, 2}, Listing: []byte{3}}}}}
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := verify.LoadState(path)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
}

// A damaged state is never taken for an absent one: that would hide a rollback.
func TestDamagedState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, []byte(`{"checkpoint":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := verify.LoadState(path); err == nil {
		t.Fatal("a damaged state was taken")
	}
}
