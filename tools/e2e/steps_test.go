package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

const (
	draft     = "ENTRY_STATUS_DRAFT"
	published = "ENTRY_STATUS_PUBLISHED"
)

// The first run does the main job, a second one goes on from it, and everything
// ends with Ctrl-C.
func TestFirstRunSecondRunAndCtrlC(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".hygia")
	s := start(t, dir)
	var steps []int
	for _, e := range s.said() {
		if e.Event == "step" {
			steps = append(steps, e.Number)
		}
	}
	if len(steps) != 5 {
		t.Errorf("the first run told the steps %v", steps)
	}
	for _, name := range []string{"HYGIA_URL", "HYGIA_ADMIN_TOKEN", "HYGIA_EDITOR_TOKEN", "HYGIA_REVIEWER_TOKEN", "HYGIA_DPO_TOKEN"} {
		if s.vars[name] == "" {
			t.Errorf("dev.env has no %s", name)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "dev.env")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("dev.env: %v, %v", info.Mode(), err)
	}
	before, err := s.entries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(before) < 20 {
		t.Errorf("the import made %d entries", len(before))
	}
	public := 0
	for _, e := range before {
		if e.Status == published {
			public++
		}
	}
	if public != 1 {
		t.Errorf("%d entries are public, want the one that was signed", public)
	}
	verifyLog(t, s)
	s.stop(t)
	for _, name := range services {
		if pids, err := s.children(name); err != nil || len(pids) != 0 {
			t.Errorf("%s is still there: %v, %v", name, pids, err)
		}
	}

	started := time.Now()
	again := start(t, dir)
	t.Logf("the second run was up after %v", time.Since(started))
	for _, e := range again.said() {
		if e.Event == "step" {
			t.Errorf("the second run did step %d again", e.Number)
		}
	}
	after, err := again.entries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(before) {
		t.Errorf("%d entries became %d", len(before), len(after))
	}
	verifyLog(t, again)
}

// Two suites run side by side on free ports, and know nothing of one another.
func TestTwoSuitesSideBySide(t *testing.T) {
	one := start(t, filepath.Join(t.TempDir(), "a", ".hygia"))
	two := start(t, filepath.Join(t.TempDir(), "b", ".hygia"))
	if one.url == two.url {
		t.Fatalf("both are at %s", one.url)
	}
	two.vars["HYGIA_EDITOR_TOKEN"] = one.vars["HYGIA_EDITOR_TOKEN"]
	two.refused(t, "EDITOR", http.MethodGet, "/v1/entries", nil, http.StatusUnauthorized, "")
}

// Invariant 6 from the outside: no order of calls publishes what nobody signed.
func TestInvariant6NothingIsPublishedUnsigned(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), ".hygia"))
	var made struct{ Entry entry }
	content := object{
		"kind": "ENTRY_KIND_POST", "language": "pt-BR", "title": "Hidratação no calor",
		"body": "<!-- wp:paragraph -->\n<p>Beba água ao longo do dia. Este texto não substitui a consulta médica.</p>\n<!-- /wp:paragraph -->",
	}
	s.must(t, "EDITOR", http.MethodPost, "/v1/entries", object{"content": content}, &made)
	path := "/v1/entries/" + made.Entry.ID
	publish := func(role string, at object) {
		t.Helper()
		s.refused(t, role, http.MethodPost, path+"/publish", at, http.StatusConflict, "")
	}
	publish("EDITOR", object{})
	publish("EDITOR", object{"publishTime": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
	s.refused(t, "REVIEWER", http.MethodPost, path+"/publish", object{}, http.StatusForbidden, "")
	s.refused(t, "REVIEWER", http.MethodPost, path+"/sign", object{"contentHash": made.Entry.ContentHash}, http.StatusConflict, "")

	s.must(t, "EDITOR", http.MethodPost, path+"/submit", object{}, nil)
	publish("EDITOR", object{})
	s.refused(t, "EDITOR", http.MethodPost, path+"/sign", object{"contentHash": made.Entry.ContentHash}, http.StatusForbidden, "")
	other := "sha256:" + strings.Repeat("0", 64)
	s.refused(t, "REVIEWER", http.MethodPost, path+"/sign", object{"contentHash": other}, http.StatusConflict, "")
	s.must(t, "REVIEWER", http.MethodPost, path+"/sign", object{"contentHash": made.Entry.ContentHash}, nil)

	// A change after the sign-off takes it away.
	content["body"] = content["body"].(string) + "\n"
	s.must(t, "EDITOR", http.MethodPut, path, object{"content": content, "baseRevision": 1}, &made)
	publish("EDITOR", object{})
	s.must(t, "EDITOR", http.MethodPost, path+"/submit", object{}, nil)
	s.must(t, "REVIEWER", http.MethodPost, path+"/sign", object{"contentHash": made.Entry.ContentHash}, nil)
	s.must(t, "EDITOR", http.MethodPost, path+"/publish", object{}, &made)
	if made.Entry.Status != published || made.Entry.PublishedRevision != 2 {
		t.Errorf("got %+v", made.Entry)
	}
	s.must(t, "EDITOR", http.MethodPost, path+"/trash", object{}, &made)
	publish("EDITOR", object{})
	verifyLog(t, s)
}

// The command line does the same work for a person.
func TestCommandLine(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), ".hygia"))
	run := func(want int, stdin string, args ...string) (string, string) {
		t.Helper()
		out, errs, code := s.cli(t, stdin, args...)
		if code != want {
			t.Errorf("hygia %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, out, errs)
		}
		return out, errs
	}
	out, _ := run(0, "Paciente CPF 529.982.247-25, retorno em 12/03/2026.", "anonymize", "-")
	if strings.Contains(out, "529") || !strings.Contains(out, "[CPF]") || !strings.Contains(out, "[DATA]") {
		t.Errorf("anonymize gave %q", out)
	}
	out, _ = run(0, "Paciente CPF 529.982.247-25.", "anonymize", "--findings", "-")
	if !json.Valid([]byte(out)) || !strings.Contains(out, "13") {
		t.Errorf("anonymize --findings gave %q", out)
	}
	out, _ = run(5, "# Asma\n\nGarantimos a cura da asma.\n", "validate", "-")
	if !strings.Contains(out, "ADV-1") {
		t.Errorf("validate gave %q", out)
	}
	theEngineOfEach(t, func(args ...string) string { out, _ := run(0, "", args...); return out })
	run(0, "", "content", "list")
	run(0, "", "audit", "list")
	run(0, "", "audit", "verify")
	if out, _ = run(0, "", "--json", "content", "list"); !json.Valid([]byte(out)) {
		t.Errorf("content list --json gave %.300s", out)
	}
	run(2, "", "content", "publish")
	_, errs := run(4, "", "content", "show", "0190a7c8-0000-7000-8000-000000000000")
	if strings.TrimSpace(errs) == "" {
		t.Error("an entry that is not there: nothing was said")
	}
	run(0, "", "completion", "bash")
	s.url = "http://127.0.0.1:1"
	s.vars["HYGIA_URL"] = s.url
	run(6, "", "status")
}

// theEngineOfEach compares what `hygia status` shows of each service that hosts
// components with the library that runs: this test links it too, by the same tags.
func theEngineOfEach(t *testing.T, run func(args ...string) string) {
	t.Helper()
	var shown struct {
		Services []struct {
			Service string
			Status  struct {
				Engine     string
				Components []struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal([]byte(run("--json", "status")), &shown); err != nil {
		t.Fatal(err)
	}
	hosts := 0
	for _, s := range shown.Services {
		want := ""
		if slices.Contains([]string{"anonymization", "audit", "content", "validation"}, s.Service) {
			hosts++
			want = component.EngineName()
		}
		if s.Status.Engine != want || (len(s.Status.Components) > 0) != (want != "") {
			t.Errorf("%s: the engine is %q, want %q; %d components", s.Service, s.Status.Engine, want, len(s.Status.Components))
		}
	}
	if out := run("status"); hosts != 4 || strings.Count(out, " "+component.EngineName()+" ") != 4 {
		t.Errorf("%d services host components, and status shows:\n%s", hosts, out)
	}
}

// verifyLog runs the reader that shares no code with the log.
func verifyLog(t *testing.T, s *suite) {
	t.Helper()
	out, errs, code := s.cli(t, "", "--json", "audit", "verify", "--state", filepath.Join(t.TempDir(), "state"))
	if code != 0 {
		t.Errorf("audit verify: exit %d\n%s%s", code, out, errs)
	}
}
