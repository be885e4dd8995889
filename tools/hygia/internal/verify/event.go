package verify

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Event is what this reader takes from a leaf.
type Event struct {
	Index   int64    `json:"index"`
	ID      string   `json:"id"`
	Access  string   `json:"accessId"`
	Time    string   `json:"time"`
	Service string   `json:"service"`
	Method  string   `json:"method"`
	Action  string   `json:"action"`
	Phase   string   `json:"phase"`
	Outcome string   `json:"outcome"`
	Status  string   `json:"status"`
	Person  string   `json:"person,omitempty"`
	Purpose string   `json:"purpose,omitempty"`
	Objects []Object `json:"objects,omitempty"`

	tenant string
}

// Object is something that an event touched.
type Object struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// fields reads an event from JSON into plain keys and values, so that a leaf and
// a listing can be compared although one is canonical JSON and the other proto3
// JSON: keys lose their separators and case, enum values their prefix, and what
// is empty is as good as absent.
func fields(text []byte) (map[string]any, error) {
	var raw map[string]any
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	return plain(raw).(map[string]any), nil
}

func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			key = strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key))
			inner = plain(inner)
			if s, ok := inner.(string); ok && (key == "action" || key == "phase" || key == "outcome") {
				inner = strings.TrimPrefix(strings.ToLower(s), key+"_")
			}
			if !empty(inner) {
				out[key] = inner
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = plain(inner)
		}
		return out
	}
	return value
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == "unspecified"
	case []any:
		return len(v) == 0
	}
	return false
}

// parseEvent reads an event from a leaf or a listing.
func parseEvent(text []byte) (Event, map[string]any, error) {
	all, err := fields(text)
	if err != nil {
		return Event{}, nil, fmt.Errorf("not an event: %w", err)
	}
	str := func(key string) string { s, _ := all[key].(string); return s }
	e := Event{
		ID: str("id"), Access: str("accessid"), Time: str("time"), Service: str("service"),
		Method: str("method"), Action: str("action"), Phase: str("phase"), Outcome: str("outcome"),
		Status: str("status"), Person: str("person"), Purpose: str("purpose"), tenant: str("tenant"),
	}
	if e.ID == "" {
		return Event{}, nil, fmt.Errorf("not an event: it has no id")
	}
	objects, _ := all["objects"].([]any)
	for _, o := range objects {
		if o, ok := o.(map[string]any); ok {
			kind, _ := o["kind"].(string)
			id, _ := o["id"].(string)
			e.Objects = append(e.Objects, Object{kind, id})
		}
	}
	return e, all, nil
}

// leafVersion is the form of leaves that this reader knows.
const leafVersion = 1.0

// parseLeaf reads the fields of an event from its leaf: one JSON object, as a
// listing has it, and the version of its form as "v".
func parseLeaf(leaf []byte) (map[string]any, error) {
	_, all, err := parseEvent(leaf)
	if err != nil {
		return nil, err
	}
	if all["v"] != leafVersion {
		return nil, fmt.Errorf("it is of version %v, this program reads version %v: use a newer one", all["v"], leafVersion)
	}
	delete(all, "v")
	return all, nil
}

// difference names the fields in which a leaf and a listing differ.
func difference(leaf, listed map[string]any) []string {
	names := map[string]bool{}
	for _, pair := range [][2]map[string]any{{leaf, listed}, {listed, leaf}} {
		for key, value := range pair[0] {
			if !reflect.DeepEqual(value, pair[1][key]) {
				names[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// digest is a hash of what a listing says.
func digest(claimed map[string]any) []byte {
	text, err := json.Marshal(claimed) // keys are sorted
	if err != nil {
		return nil // not of JSON's kinds: it came from JSON
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// settleTime is how long an access may take between its intent and its outcome
// before the missing outcome is worth telling.
const settleTime = time.Minute

// openIntents are changes that were announced and of which nothing more is known.
// A service that was killed in between leaves one; nothing else should.
func openIntents(events []Event) []Event {
	done := map[string]bool{}
	var newest time.Time
	for _, e := range events {
		if e.Phase == "outcome" {
			done[e.Access] = true
		}
		if t, err := time.Parse(time.RFC3339, e.Time); err == nil && t.After(newest) {
			newest = t
		}
	}
	var open []Event
	for _, e := range events {
		at, err := time.Parse(time.RFC3339, e.Time)
		if e.Phase == "intent" && !done[e.Access] && (err != nil || newest.Sub(at) > settleTime) {
			open = append(open, e)
		}
	}
	return open
}

// unannounced are successful changes without the intent that has to precede them.
// A change that nobody was signed in for, such as a login, is announced before
// it is known whose it is: that intent is in no organisation's listing.
func unannounced(events []Event) []Event {
	announced := map[string]bool{}
	for _, e := range events {
		if e.Phase == "intent" {
			announced[e.Access] = true
		}
	}
	var found []Event
	for _, e := range events {
		change := e.Action == "create" || e.Action == "update" || e.Action == "delete"
		if change && e.Person != "" && e.Phase == "outcome" && e.Outcome == "success" && !announced[e.Access] {
			found = append(found, e)
		}
	}
	return found
}
