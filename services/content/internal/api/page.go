package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// defaultPage is the size of a page where none is asked for; how many at most is
// in the protos.
const defaultPage = 50

var errToken = fault.New(codes.InvalidArgument, "PAGE_TOKEN_INVALID", "the page token is none of this list's").
	WithField("pageToken", "must be the nextPageToken of an earlier answer, or empty")

// place is where a page begins: after the last item of the page before. It
// tells nothing that the list did not show.
type place struct {
	Time   int64  `json:"t,omitempty"`
	ID     string `json:"i,omitempty"`
	Number int    `json:"n,omitempty"`
}

func (p place) entry() store.EntryKey {
	return store.EntryKey{UpdateTime: time.UnixMilli(p.Time).UTC(), ID: p.ID}
}

func (p place) token() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // numbers and a text always encode
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// page is what a list is asked for.
type page struct {
	size int
	from place
}

func newPage(size int32, token string) (page, error) {
	p := page{size: int(size)}
	if p.size == 0 {
		p.size = defaultPage
	}
	if token == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return p, errToken
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if dec.Decode(&p.from) != nil || p.from.Number < 0 || len(p.from.ID) > 64 {
		return p, errToken
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return p, errToken
	}
	return p, nil
}

// cut takes the page off a list that was read one item further, and makes the
// token of the next page, where there is one.
func cut[T any](list []T, size int, at func(T) place) ([]T, string) {
	if len(list) <= size {
		return list, ""
	}
	return list[:size], at(list[size-1]).token()
}
