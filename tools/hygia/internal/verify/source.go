package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
)

// Log is what the suite serves of its log to one tenant's auditor.
type Log interface {
	// Checkpoint gives the newest signed checkpoint.
	Checkpoint(ctx context.Context) (string, error)
	// Events gives a page, newest first, and the next page's token, empty after
	// the last.
	Events(ctx context.Context, page string) ([]Listed, string, error)
	// Event gives one event.
	Event(ctx context.Context, id string) (Listed, error)
	// Inclusion gives the leaf of an event and its path in the tree of a size.
	Inclusion(ctx context.Context, id string, size int64) (Inclusion, error)
	// Consistency gives the proof that one tree is the start of another.
	Consistency(ctx context.Context, from, to int64) ([][]byte, error)
}

// Listed is an event as the suite lists it: a claim, until it is proved.
type Listed struct {
	Index number          `json:"index"`
	Event json.RawMessage `json:"event"`
}

// Inclusion is a leaf and its audit path, leaf to root.
type Inclusion struct {
	Index      number   `json:"index"`
	TreeSize   number   `json:"treeSize"`
	Leaf       []byte   `json:"leaf"`
	Hashes     [][]byte `json:"hashes"`
	Checkpoint string   `json:"checkpoint"`
}

// number is a 64-bit integer, which proto3 JSON writes as a string.
type number int64

func (n *number) UnmarshalJSON(text []byte) error {
	if len(text) > 1 && text[0] == '"' {
		text = text[1 : len(text)-1]
	}
	v, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not an index", text)
	}
	*n = number(v)
	return nil
}

// Getter fetches one path of the gateway.
type Getter interface {
	Get(ctx context.Context, path string) ([]byte, error)
}

// REST reads the log through a gateway.
func REST(get Getter) Log { return restLog{get} }

type restLog struct{ get Getter }

func (l restLog) read(ctx context.Context, path string, out any) error {
	text, err := l.get.Get(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (l restLog) Checkpoint(ctx context.Context) (string, error) {
	var out struct{ Checkpoint string }
	err := l.read(ctx, "/v1/audit/checkpoint", &out)
	return out.Checkpoint, err
}

func (l restLog) Events(ctx context.Context, page string) ([]Listed, string, error) {
	var out struct {
		Events        []Listed
		NextPageToken string
	}
	err := l.read(ctx, "/v1/audit/events?pageSize=500&pageToken="+url.QueryEscape(page), &out)
	return out.Events, out.NextPageToken, err
}

func (l restLog) Event(ctx context.Context, id string) (Listed, error) {
	var out struct{ Event Listed }
	err := l.read(ctx, "/v1/audit/events/"+url.PathEscape(id), &out)
	return out.Event, err
}

func (l restLog) Inclusion(ctx context.Context, id string, size int64) (Inclusion, error) {
	var out Inclusion
	err := l.read(ctx, fmt.Sprintf("/v1/audit/events/%s/inclusion?treeSize=%d", url.PathEscape(id), size), &out)
	return out, err
}

func (l restLog) Consistency(ctx context.Context, from, to int64) ([][]byte, error) {
	var out struct{ Hashes [][]byte }
	err := l.read(ctx, fmt.Sprintf("/v1/audit/consistency?fromSize=%d&toSize=%d", from, to), &out)
	return out.Hashes, err
}
