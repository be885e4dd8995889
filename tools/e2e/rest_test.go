package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// answer is what the gateway said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem is an RFC 9457 problem, as every error is.
type problem struct {
	Type, Title, Detail, Reason, Hint string
	Status                            int
	Fields                            []struct{ Path, Message string }
}

func (a answer) problem(t *testing.T) problem {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("an error of type %q: %.300s", got, a.body)
	}
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%v: %.300s", err, a.body)
	}
	if p.Status != a.status || p.Reason == "" || p.Detail == "" || p.Title == "" {
		t.Errorf("an incomplete problem: %.500s", a.body)
	}
	return p
}

var client = &http.Client{Timeout: 30 * time.Second}

// do sends a request as a role. Errors are of the transport alone.
func (s *suite) do(ctx context.Context, role, method, path, contentType string, body io.Reader) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return answer{}, err
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+s.vars["HYGIA_"+role+"_TOKEN"])
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 32<<20))
	return answer{resp.StatusCode, resp.Header, got}, err
}

// call sends and receives JSON; any status but 2xx is an error.
func (s *suite) call(ctx context.Context, role, method, path string, in, out any) error {
	var body io.Reader
	contentType := ""
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body, contentType = bytes.NewReader(text), "application/json"
	}
	a, err := s.do(ctx, role, method, path, contentType, body)
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return &refusal{a}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(a.body, out)
}

// refusal is an answer that is an error.
type refusal struct{ answer }

func (r *refusal) Error() string { return fmt.Sprintf("%d: %.400s", r.status, r.body) }

// must calls and wants success.
func (s *suite) must(t *testing.T, role, method, path string, in, out any) {
	t.Helper()
	if err := s.call(t.Context(), role, method, path, in, out); err != nil {
		t.Fatalf("%s %s as %s: %v", method, path, role, err)
	}
}

// refused calls and wants a problem of a status and a reason.
func (s *suite) refused(t *testing.T, role, method, path string, in any, status int, reason string) problem {
	t.Helper()
	var body io.Reader
	contentType := ""
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body, contentType = bytes.NewReader(text), "application/json"
	}
	a, err := s.do(t.Context(), role, method, path, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	p := a.problem(t)
	if p.Status != status || reason != "" && p.Reason != reason {
		t.Errorf("%s %s as %s: got %d %s (%s), want %d %s", method, path, role, p.Status, p.Reason, p.Detail, status, reason)
	}
	return p
}

type object = map[string]any

type entry struct {
	ID, Status, ContentHash string
	Revision                int
	PublishedRevision       int
	Content                 struct {
		Slug, Title, Body string
	}
}

// entries lists every entry of the tenant, or those of a query.
func (s *suite) entries(ctx context.Context, query string) ([]entry, error) {
	var all []entry
	token := ""
	for {
		var page struct {
			Entries       []entry
			NextPageToken string
		}
		path := "/v1/entries?pageSize=200&" + query
		if token != "" {
			path += "&pageToken=" + token
		}
		if err := s.call(ctx, "EDITOR", http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Entries...)
		if token = page.NextPageToken; token == "" {
			return all, nil
		}
	}
}
