package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Invariant 12: whatever is acknowledged survives a kill -9 at any instant. Each
// service is killed in the middle of writes; what was acknowledged is there
// afterwards, byte for byte and once, and the log proves all of it.
func TestInvariant12KilledInTheMiddleOfWork(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), ".hygia"))
	acknowledged := map[string]string{} // entry → body
	for _, service := range services {
		t.Run(service, func(t *testing.T) {
			for id, body := range writeWhile(t, s, func() { s.kill(t, service) }) {
				acknowledged[id] = body
			}
			eventually(t, time.Minute, func() error {
				return s.call(t.Context(), "EDITOR", http.MethodPost, "/v1/anonymize", object{"text": "CPF 529.982.247-25"}, nil)
			})
			eventually(t, time.Minute, func() error { _, err := s.entries(t.Context(), ""); return err })
		})
	}
	if len(acknowledged) < 2*len(services) {
		t.Fatalf("only %d writes were acknowledged: nothing was tried", len(acknowledged))
	}
	for id, body := range acknowledged {
		var got struct{ Entry entry }
		s.must(t, "EDITOR", http.MethodGet, "/v1/entries/"+id, nil, &got)
		if got.Entry.Content.Body != body {
			t.Errorf("entry %s: acknowledged %q, kept %q", id, body, got.Entry.Content.Body)
		}
	}
	eventually(t, 30*time.Second, func() error { return everyWriteIsLogged(t, s, acknowledged) })
	verifyLog(t, s)
}

// writeWhile writes entries from several clients, disturbs after a while, goes on
// until writes succeed again, and gives what was acknowledged. A write is tried
// with one request id until it is answered: no entry may come twice.
func writeWhile(t *testing.T, s *suite, disturb func()) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var (
		mu    sync.Mutex
		acked = map[string]string{}
		wg    sync.WaitGroup
		done  = make(chan struct{})
	)
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				id, body, err := write(ctx, s)
				if err != nil {
					t.Errorf("a write was never answered: %v", err)
					return
				}
				mu.Lock()
				if _, twice := acked[id]; twice {
					t.Errorf("entry %s was made for two requests", id)
				}
				acked[id] = body
				mu.Unlock()
			}
		})
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
	grow := func(by int) {
		from := count()
		eventually(t, 50*time.Second, func() error {
			if n := count(); n < from+by {
				return fmt.Errorf("%d writes since", n-from)
			}
			return nil
		})
	}
	grow(3)
	disturb()
	grow(8)
	close(done)
	wg.Wait()
	return acked
}

// write makes one entry, trying again with the same request id until an answer
// comes.
func write(ctx context.Context, s *suite) (id, body string, err error) {
	request := uuid.NewString()
	body = "<!-- wp:paragraph -->\n<p>Escrito por " + request + ".</p>\n<!-- /wp:paragraph -->"
	in := object{"requestId": request, "content": object{
		"kind": "ENTRY_KIND_POST", "title": "Escrito " + request, "body": body,
	}}
	for {
		var made struct{ Entry entry }
		err := s.call(ctx, "EDITOR", http.MethodPost, "/v1/entries", in, &made)
		if err == nil {
			return made.Entry.ID, body, nil
		}
		var r *refusal
		if errors.As(err, &r) && r.status != http.StatusServiceUnavailable && r.status != http.StatusGatewayTimeout &&
			r.status != http.StatusTooManyRequests && r.status != http.StatusInternalServerError {
			return "", "", err
		}
		select {
		case <-ctx.Done():
			return "", "", errors.Join(ctx.Err(), err)
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// everyWriteIsLogged wants a successful event for each entry in the log.
func everyWriteIsLogged(t *testing.T, s *suite, acknowledged map[string]string) error {
	logged := map[string]bool{}
	token := ""
	for {
		var page struct {
			Events []struct {
				Event struct {
					Method, Outcome string
					Objects         []struct{ ID string }
				}
			}
			NextPageToken string
		}
		path := "/v1/audit/events?pageSize=500&method=/hygia.content.v1.ContentService/CreateEntry&pageToken=" + token
		if err := s.call(t.Context(), "DPO", http.MethodGet, path, nil, &page); err != nil {
			return err
		}
		for _, e := range page.Events {
			if e.Event.Outcome == "OUTCOME_SUCCESS" {
				for _, o := range e.Event.Objects {
					logged[o.ID] = true
				}
			}
		}
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	missing := 0
	for id := range acknowledged {
		if !logged[id] {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d of %d acknowledged writes have no successful event", missing, len(acknowledged))
	}
	return nil
}

// An import whose service is killed goes on where it was: every item once.
func TestImportSurvivesAKill(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), ".hygia"))
	const items = 3000
	export := filepath.Join(t.TempDir(), "grande.xml")
	if err := os.WriteFile(export, []byte(wxr(items)), 0o600); err != nil {
		t.Fatal(err)
	}
	id := s.upload(t, export)
	killed := false
	for !killed {
		job := s.importJob(t, id)
		switch {
		case job.State == "IMPORT_STATE_RUNNING" && job.ItemsDone > 0:
			s.kill(t, "content")
			killed = true
		case job.State == "IMPORT_STATE_DONE":
			t.Fatal("the import was done before it could be disturbed: make it larger")
		}
	}
	var job importJob
	eventually(t, 90*time.Second, func() error {
		if err := s.call(t.Context(), "EDITOR", http.MethodGet, "/v1/imports/"+id, nil, &struct{ Import *importJob }{&job}); err != nil {
			return err
		}
		if job.State != "IMPORT_STATE_DONE" {
			return fmt.Errorf("%+v", job)
		}
		return nil
	})
	if job.EntriesCreated != items || job.ItemsDone != job.ItemsTotal {
		t.Errorf("got %+v", job)
	}
	entries, err := s.entries(t.Context(), "importId="+id)
	if err != nil {
		t.Fatal(err)
	}
	slugs := map[string]int{}
	for _, e := range entries {
		slugs[e.Content.Slug]++
	}
	if len(entries) != items || len(slugs) != items {
		t.Errorf("%d entries under %d slugs, want %d", len(entries), len(slugs), items)
	}
	verifyLog(t, s)
}

type importJob struct {
	ID, State, Problem                                  string
	ItemsDone, ItemsTotal, EntriesCreated, EntriesKnown int
}

func (s *suite) importJob(t *testing.T, id string) importJob {
	t.Helper()
	var got struct{ Import importJob }
	s.must(t, "EDITOR", http.MethodGet, "/v1/imports/"+id, nil, &got)
	return got.Import
}

// upload sends a file as the importer's body and gives the import's id.
func (s *suite) upload(t *testing.T, path string) string {
	t.Helper()
	a := s.uploadFile(t, path)
	if a.status != http.StatusAccepted {
		t.Fatalf("upload: %d %.400s", a.status, a.body)
	}
	var got struct{ Import importJob }
	if err := json.Unmarshal(a.body, &got); err != nil {
		t.Fatal(err)
	}
	return got.Import.ID
}

func (s *suite) uploadFile(t *testing.T, path string) answer {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := s.do(t.Context(), "EDITOR", http.MethodPost, "/v1/imports/wordpress", "application/xml", f)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
