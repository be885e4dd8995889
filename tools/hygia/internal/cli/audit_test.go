package cli_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestAuditList(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/audit/events?object=o1&pageSize=50&pageToken=&since=2026-07-01T00%3A00%3A00Z",
		`{"events":[{"index":"7","event":{"id":"v1","time":"2026-07-01T10:00:00.000Z","method":"/hygia.content.v1.ContentService/GetEntry","phase":"PHASE_OUTCOME","outcome":"OUTCOME_SUCCESS","person":"p1","objects":[{"kind":"entry","id":"o1"}]}}]}`)
	stdout, _ := w.want(0, "audit", "list", "--object", "o1", "--since", "2026-07-01")
	contains(t, stdout, "GetEntry", "success", "entry o1", "p1")
	stdout, _ = w.want(0, "audit", "list", "--object", "o1", "--since", "2026-07-01", "--json")
	if got := decode[struct{ Events []struct{ Index string } }](t, stdout); len(got.Events) != 1 || got.Events[0].Index != "7" {
		t.Errorf("got %+v", got)
	}
}

// logOf serves a log of one leaf, and gives its key.
func logOf(t *testing.T, w *world, leaf string) string {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "hygia.local/audit")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	root := tlog.RecordHash([]byte(leaf))
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("hygia.local/audit\n1\n%s\n", root)}, signer)
	if err != nil {
		t.Fatal(err)
	}
	w.answer("GET /v1/audit/checkpoint", fmt.Sprintf(`{"checkpoint":%q}`, signed))
	w.answer("GET /v1/audit/events", fmt.Sprintf(`{"events":[{"index":"0","event":%s}]}`, strings.Replace(leaf, `"v":1,`, "", 1)))
	w.answer("GET /v1/audit/events/v1/inclusion", fmt.Sprintf(`{"index":"0","treeSize":"1","leaf":%q,"hashes":[],"checkpoint":%q}`, base64.StdEncoding.EncodeToString([]byte(leaf)), signed))
	return public
}

func TestAuditVerify(t *testing.T) {
	w := newWorld(t)
	key := logOf(t, w, `{"v":1,"id":"v1","tenant":"t1","method":"/s/Get"}`)
	stdout, _ := w.want(0, "audit", "verify", "--key", key)
	contains(t, stdout, "verified: hygia.local/audit", "1 event, 1 of them proved now")
	files, err := filepath.Glob(filepath.Join(w.dir, "config", "audit-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("remembers in %v, %v", files, err)
	}
	w.env["HYGIA_AUDIT_KEY"] = key
	stdout, _ = w.want(0, "audit", "verify", "--json")
	if got := decode[struct {
		Verified bool
		Proofs   int
		Events   []struct{ Method string }
	}](t, stdout); !got.Verified || got.Proofs != 0 || got.Events[0].Method != "/s/Get" {
		t.Errorf("got %+v", got)
	}
	if got := w.last().header.Get("Authorization"); got == "" {
		t.Error("asked without a token")
	}
	// The listing now tells another story than the log.
	w.answer("GET /v1/audit/events", `{"events":[{"index":"0","event":{"id":"v1","tenant":"t1","method":"/s/Other"}}]}`)
	stdout, _ = w.want(5, "audit", "verify")
	contains(t, stdout, "NOT VERIFIED", "leaf: event v1 at 0")
	w.route("GET /v1/audit/checkpoint", problem(http.StatusServiceUnavailable, "AUDIT_UNAVAILABLE", "down"))
	w.want(6, "audit", "verify")
	if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr := w.want(1, "audit", "verify")
	contains(t, stderr, "damaged")
}

// With a dev.env, what is remembered lies beside it.
func TestAuditVerifyOfDevEnv(t *testing.T) {
	w := newWorld(t)
	key := logOf(t, w, `{"v":1,"id":"v1","tenant":"t1"}`)
	w.file(".hygia/dev.env", fmt.Sprintf("HYGIA_URL=%s\nHYGIA_DPO_TOKEN=t\nHYGIA_AUDIT_KEY='%s'\n", w.server.URL, key))
	w.env = map[string]string{}
	w.want(0, "audit", "verify")
	if got := w.last().header.Get("Hygia-Purpose"); got != "audit" {
		t.Errorf("asked for %q", got)
	}
	if files, _ := filepath.Glob(filepath.Join(w.dir, ".hygia", "audit-*.json")); len(files) != 1 {
		t.Errorf("remembers in %v", files)
	}
}
