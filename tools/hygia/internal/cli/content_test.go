package cli_test

import (
	"slices"
	"strings"
	"testing"
)

const entry = `{"id":"e1","status":"ENTRY_STATUS_IN_REVIEW","revision":2,"contentHash":"sha256:ab","content":{"kind":"ENTRY_KIND_POST","title":"Asma","slug":"asma","body":"<p>corpo</p>","authorIds":["a1"]}}`

// Each step of the workflow is one request, and one object as its answer.
func TestContentSteps(t *testing.T) {
	tests := []struct {
		args       []string
		line, body string
		// id is where the entry's id is in the JSON.
		id string
	}{
		{[]string{"show", "e1"}, "GET /v1/entries/e1", "", "id"},
		{[]string{"submit", "e1"}, "POST /v1/entries/e1/submit", `{}`, "entry.id"},
		{[]string{"sign", "e1", "--hash", "sha256:ab"}, "POST /v1/entries/e1/sign", `{"contentHash":"sha256:ab"}`, "id"},
		{[]string{"return", "e1", "--note", "falta"}, "POST /v1/entries/e1/return", `{"note":"falta"}`, "id"},
		{[]string{"publish", "e1"}, "POST /v1/entries/e1/publish", `{}`, "id"},
		{[]string{"publish", "e1", "--at", "2027-10-01T08:00:00-03:00"}, "POST /v1/entries/e1/publish", `{"publishTime":"2027-10-01T11:00:00Z"}`, "id"},
		{[]string{"unpublish", "e1"}, "POST /v1/entries/e1/unpublish", `{}`, "id"},
		{[]string{"trash", "e1"}, "POST /v1/entries/e1/trash", `{}`, "id"},
	}
	for _, test := range tests {
		w := newWorld(t)
		w.answer(test.line, `{"entry":`+entry+`,"findings":[]}`)
		stdout, _ := w.want(0, append([]string{"content"}, test.args...)...)
		contains(t, stdout, "Asma", "e1", "in review")
		got := w.last()
		if got.line != test.line || got.body != test.body {
			t.Errorf("%q asked %s %s", test.args, got.line, got.body)
		}
		stdout, _ = w.want(0, append([]string{"content", "--json"}, test.args...)...)
		value := decode[map[string]any](t, stdout)
		if inner, ok := strings.CutPrefix(test.id, "entry."); ok {
			value = value["entry"].(map[string]any)
			test.id = inner
		}
		if value[test.id] != "e1" {
			t.Errorf("%q printed %s", test.args, stdout)
		}
	}
}

// At a terminal, what is signed is what was shown.
func TestContentSignAsks(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/entries/e1", `{"entry":`+entry+`}`)
	w.answer("POST /v1/entries/e1/sign", `{"entry":`+entry+`}`)
	_, stderr := w.want(2, "content", "sign", "e1")
	contains(t, stderr, "--hash")
	w.stdinTerminal, w.stdin = true, "no\n"
	_, stderr = w.want(3, "content", "sign", "e1")
	contains(t, stderr, "<p>corpo</p>", "sha256:ab", "not signed")
	if got := w.last().line; got != "GET /v1/entries/e1" {
		t.Errorf("asked %s", got)
	}
	w.stdin = "yes\n"
	w.want(0, "content", "sign", "e1")
	if got := w.last(); got.body != `{"contentHash":"sha256:ab"}` {
		t.Errorf("signed %s", got.body)
	}
}

func TestContentShowBody(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/entries/e1", `{"entry":`+entry+`}`)
	if stdout, _ := w.want(0, "content", "show", "e1"); strings.Contains(stdout, "corpo") || !strings.Contains(stdout, "sha256:ab") {
		t.Errorf("got %s", stdout)
	}
	stdout, _ := w.want(0, "content", "show", "e1", "--body")
	contains(t, stdout, "<p>corpo</p>")
}

func TestContentList(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/entries?pageSize=200&pageToken=&status=ENTRY_STATUS_IN_REVIEW", `{"entries":[`+entry+`],"nextPageToken":"n"}`)
	w.answer("GET /v1/entries?pageSize=200&pageToken=n&status=ENTRY_STATUS_IN_REVIEW", `{"entries":[`+strings.Replace(entry, "e1", "e2", 1)+`]}`)
	stdout, _ := w.want(0, "content", "list", "--status", "in-review", "--json")
	if got := decode[struct{ Entries []struct{ ID string } }](t, stdout); len(got.Entries) != 2 || got.Entries[1].ID != "e2" {
		t.Errorf("got %+v", got)
	}
	stdout, _ = w.want(0, "content", "list", "--status", "in-review", "--limit", "1")
	if lines := strings.Split(strings.TrimSpace(stdout), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[1], "e1") {
		t.Errorf("got %s", stdout)
	}
}

func TestContentCreateAndUpdate(t *testing.T) {
	w := newWorld(t)
	w.file("a.md", "# Novo\n\ntexto")
	w.answer("POST /v1/entries", `{"entry":`+entry+`}`)
	w.want(0, "content", "create", "a.md", "--kind", "page", "--slug", "novo")
	contains(t, w.last().body, `"title":"Novo"`, `"kind":"ENTRY_KIND_PAGE"`, `"slug":"novo"`, "texto")
	w.answer("GET /v1/entries/e1", `{"entry":`+entry+`}`)
	w.answer("PUT /v1/entries/e1", `{"entry":`+entry+`}`)
	w.want(0, "content", "update", "e1", "a.md")
	contains(t, w.last().body, `"title":"Novo"`, `"slug":"asma"`, `"authorIds":["a1"]`, `"baseRevision":2`, `"kind":"ENTRY_KIND_POST"`)
	w.file("b.md", "sem título")
	_, stderr := w.want(2, "content", "create", "b.md")
	contains(t, stderr, "--title")
}

func TestContentValidate(t *testing.T) {
	w := newWorld(t)
	w.answer("POST /v1/entries/e1/validate", `{"findings":[{"rule":"ADV-1","severity":"SEVERITY_ERROR","message":"promete"}],"revision":2}`)
	stdout, _ := w.want(5, "content", "validate", "e1")
	contains(t, stdout, "error ADV-1: promete")
	w.answer("POST /v1/entries/e1/validate", `{"findings":[{"rule":"GOV-4","severity":"SEVERITY_WARNING"}],"revision":2}`)
	w.want(0, "content", "validate", "e1")
}

func TestContentRevisions(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/entries/e1/revisions", `{"revisions":[{"number":2,"personId":"p1","content":{"title":"Asma"}}]}`)
	stdout, _ := w.want(0, "content", "revisions", "e1")
	contains(t, stdout, "p1", "Asma")
}

func TestCompletion(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/entries", `{"entries":[`+entry+`]}`)
	stdout, _ := w.want(0, "__complete", "content", "show", "")
	contains(t, stdout, "e1\tin review: Asma\n")
	stdout, _ = w.want(0, "__complete", "status", "--as", "")
	for _, role := range []string{"admin", "editor", "reviewer", "dpo"} {
		if !slices.Contains(strings.Split(stdout, "\n"), role) {
			t.Errorf("lacks %s: %s", role, stdout)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if stdout, _ := w.want(0, "completion", shell); !strings.Contains(stdout, "hygia") {
			t.Errorf("%s: got %q", shell, stdout)
		}
	}
}
