package verify

import (
	"encoding/json"
	"testing"
)

func TestDifference(t *testing.T) {
	tests := []struct {
		name, leaf, listed string
		want               int
	}{
		{"two spellings", `{"id":"e","accessId":"a","action":"read","objects":[{"kind":"k","id":"i"}]}`, `{"id":"e","access_id":"a","action":"ACTION_READ","objects":[{"kind":"k","id":"i"}]}`, 0},
		{"empty is absent", `{"id":"e","roles":[],"person":"","outcome":null}`, `{"id":"e","outcome":"OUTCOME_UNSPECIFIED"}`, 0},
		{"another value", `{"id":"e","person":"p"}`, `{"id":"e","person":"q"}`, 1},
		{"withheld", `{"id":"e","person":"p","tenant":"t"}`, `{"id":"e"}`, 2},
		{"made up", `{"id":"e"}`, `{"id":"e","person":"p"}`, 1},
		{"another order of objects", `{"id":"e","objects":[{"id":"1"},{"id":"2"}]}`, `{"id":"e","objects":[{"id":"2"},{"id":"1"}]}`, 1},
	}
	for _, test := range tests {
		leaf, err := fields([]byte(test.leaf))
		if err != nil {
			t.Fatal(err)
		}
		listed, err := fields([]byte(test.listed))
		if err != nil {
			t.Fatal(err)
		}
		if got := difference(leaf, listed); len(got) != test.want {
			t.Errorf("%s: they differ in %q", test.name, got)
		}
	}
}

// FuzzListing: whatever a suite lists and serves as a leaf, reading it neither
// panics nor finds a leaf to differ from itself.
func FuzzListing(f *testing.F) {
	f.Add([]byte(`{"index":"3","event":{"id":"e","objects":[{"kind":"k","id":1}],"roles":["a"]}}`))
	f.Add([]byte(`{"index":-1,"event":[]}`))
	f.Add([]byte(`{"index":"99999999999999999999","event":{"id":{"id":"x"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var l Listed
		if json.Unmarshal(text, &l) != nil {
			return
		}
		if l.Index < 0 {
			t.Fatalf("index %d", l.Index)
		}
		event, all, err := parseEvent(l.Event)
		if err != nil {
			return
		}
		if event.ID == "" || len(difference(all, all)) != 0 || digest(all) == nil {
			t.Fatalf("%s was read as %+v", l.Event, all)
		}
	})
}
