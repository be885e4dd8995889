package cli_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	w := newWorld(t)
	w.file("asma.md", "# Asma\n\nO CPF é 529.982.247-25 e a **cura** é certa.\n")
	w.route("POST /v1/validate", func(out http.ResponseWriter, r *http.Request) {
		body := w.last().body
		document := decode[struct{ Document struct{ Body, Title string } }](t, body).Document
		at := func(words string) string {
			i := strings.Index(document.Body, words)
			return fmt.Sprintf(`"location":{"field":"FIELD_BODY","start":%d,"end":%d}`, i, i+len(words))
		}
		fmt.Fprintf(out, `{"validators":["medical-basics@0.1.0"],"findings":[
			{"rule":"PII-1","severity":"SEVERITY_ERROR","message":"identifica","advice":"retire",%s,"source":{"citation":"LGPD"}},
			{"rule":"ADV-1","severity":"SEVERITY_WARNING","message":"promete",%s},
			{"rule":"GOV-4","severity":"SEVERITY_WARNING","message":"falta o aviso","location":{"field":"FIELD_BODY"}}]}`,
			at("529.982.247-25"), at("cura"))
	})
	stdout, _ := w.want(5, "validate", "asma.md", "--author", "Dra. Ana;CRM/SP 000123;RQE 1")
	contains(t, stdout,
		"asma.md:3:9: error PII-1: identifica\n    | O CPF é ██████████████ e a **cura** é certa.\n    |         ^^^^^^^^^^^^^^\n    = retire\n    = LGPD\n",
		"asma.md:3:30: warning ADV-1", "asma.md: warning GOV-4: falta o aviso", "3 findings, 1 of severity error")
	contains(t, w.last().body, `"title":"Asma"`, `"council":"CRM"`, `"language":"pt-BR"`)
	stdout, _ = w.want(5, "validate", "asma.md", "--json")
	got := decode[struct {
		Findings []struct {
			Line, Column int
			Excerpt      string
			Finding      struct{ Rule, Severity string }
		}
	}](t, stdout)
	if f := got.Findings[1]; f.Line != 3 || f.Column != 30 || f.Finding.Rule != "ADV-1" || got.Findings[2].Line != 0 {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(stdout, "529.982") {
		t.Error("an excerpt repeats an identifier")
	}
	w.answer("POST /v1/validate", `{"validators":["m@1"]}`)
	w.stdin = "<h1>Olá</h1>"
	stdout, _ = w.want(0, "validate", "-", "--title", "Outro")
	contains(t, stdout, "-: 0 findings")
	contains(t, w.last().body, `"title":"Outro"`)
}

func TestAnonymize(t *testing.T) {
	w := newWorld(t)
	w.stdin = "linha\nCPF 529.982.247-25"
	w.answer("POST /v1/anonymize", `{"text":"linha\nCPF [CPF]","replacements":[{"span":{"start":10,"end":24,"identifier":"IDENTIFIER_CPF"},"start":10,"end":15}]}`)
	stdout, _ := w.want(0, "anonymize", "-")
	if stdout != "linha\nCPF [CPF]" {
		t.Errorf("got %q", stdout)
	}
	if strings.Contains(w.last().body, "policy") {
		t.Errorf("sent a policy: %s", w.last().body)
	}
	w.want(0, "anonymize", "-", "--rule", "cpf=mask:2", "--rule", "date=keep")
	contains(t, w.last().body, `{"identifier":"IDENTIFIER_CPF","action":{"mask":2}}`, `{"identifier":"IDENTIFIER_DATE","action":{"keep":{}}}`, `{"label":"[TELEFONE]"}`, `"fallback":{"label":"[DADO PESSOAL]"}`)
	w.want(0, "anonymize", "-", "--rule", "*=label:X")
	contains(t, w.last().body, `"policy":{"fallback":{"label":"X"}}`)
	w.answer("POST /v1/detect", `{"spans":[{"start":10,"end":24,"identifier":"IDENTIFIER_CPF","confidence":100,"evidence":"check digits"}]}`)
	stdout, _ = w.want(0, "anonymize", "-", "--findings")
	got := decode[[]map[string]any](t, stdout)
	if len(got) != 1 || got[0]["identifier"] != "cpf" || got[0]["line"] != 2.0 || got[0]["column"] != 5.0 {
		t.Errorf("got %v", got)
	}
	asked := w.asked()
	w.stdin = strings.Repeat("x", 1<<20+1)
	_, stderr := w.want(2, "anonymize", "-")
	contains(t, stderr, "larger than 1024 KiB", "split it")
	w.stdin = "\xff"
	_, stderr = w.want(2, "anonymize", "-")
	contains(t, stderr, "not UTF-8")
	if w.asked() != asked {
		t.Error("the gateway was asked")
	}
}

const running, done = `{"import":{"id":"i1","state":"IMPORT_STATE_RUNNING","itemsDone":1,"itemsTotal":3}}`,
	`{"import":{"id":"i1","state":"IMPORT_STATE_DONE","itemsDone":3,"itemsTotal":3,"entriesCreated":1,"authorsCreated":1,"termsCreated":2,"importer":"w@1"}}`

func TestImport(t *testing.T) {
	w := newWorld(t)
	w.file("site.xml", "<rss/>")
	w.answer("POST /v1/imports/wordpress", `{"import":{"id":"i1","state":"IMPORT_STATE_INSPECTING"}}`)
	polls := 0
	w.route("GET /v1/imports/i1", func(out http.ResponseWriter, _ *http.Request) {
		polls++
		fmt.Fprint(out, map[bool]string{true: running, false: done}[polls < 3])
	})
	w.answer("GET /v1/imports/i1/omissions?pageSize=500&pageToken=", `{"omissions":[{"kind":"comment","sourceId":"9","label":"Olá","reason":"não há"}],"nextPageToken":"p2"}`)
	w.answer("GET /v1/imports/i1/omissions?pageSize=500&pageToken=p2", `{"omissions":[{"kind":"comment","reason":"não há"},{"kind":"menu","reason":"outro"}]}`)
	stdout, stderr := w.want(0, "import", "wordpress", "site.xml")
	contains(t, stdout, "import i1: done", "3 of 3 items read: 1 entry made", "3 things not taken over", "    2  comment          não há\n      1  menu")
	if stderr != "" {
		t.Errorf("said %q where no person looks", stderr)
	}
	first := w.requests[0]
	if first.body != "<rss/>" || first.header.Get("Content-Type") != "application/xml" || first.header.Get("Content-Length") != "6" {
		t.Errorf("uploaded %+v", first)
	}
	stdout, _ = w.want(0, "import", "wordpress", "site.xml", "--json")
	if got := decode[struct{ Omissions []any }](t, stdout); len(got.Omissions) != 3 {
		t.Errorf("got %v", got)
	}
	w.want(0, "import", "wordpress", "site.xml", "--no-wait")
	if got := w.last().line; got != "POST /v1/imports/wordpress" {
		t.Errorf("waited with %s", got)
	}
	stdout, _ = w.want(0, "import", "show", "i1")
	contains(t, stdout, `comment 9 "Olá": não há`)
	for state, code := range map[string]int{"REFUSED": 2, "FAILED": 1} {
		w.answer("GET /v1/imports/i1", `{"import":{"id":"i1","state":"IMPORT_STATE_`+state+`","problem":"linha 7: cortado"}}`)
		_, stderr := w.want(code, "import", "wordpress", "site.xml")
		contains(t, stderr, "linha 7: cortado")
	}
	w.file("empty.xml", "")
	w.want(2, "import", "wordpress", "empty.xml")
	w.want(2, "import", "wordpress", ".")
}

// A bar is shown where a person looks, after a second, and on no other stream.
func TestProgress(t *testing.T) {
	w := newWorld(t)
	w.file("site.xml", "<rss/>")
	w.answer("POST /v1/imports/wordpress", `{"import":{"id":"i1"}}`)
	w.answer("GET /v1/imports/i1/omissions?pageSize=500&pageToken=", `{}`)
	for _, slow := range []bool{true, false} {
		polls := 0
		w.route("GET /v1/imports/i1", func(out http.ResponseWriter, _ *http.Request) {
			polls++
			fmt.Fprint(out, map[bool]string{true: running, false: done}[polls%3 != 0])
		})
		now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
		w.clock = func() time.Time {
			if slow {
				now = now.Add(900 * time.Millisecond)
			}
			return now
		}
		w.terminal = true
		stdout, stderr := w.want(0, "import", "wordpress", "site.xml")
		if shown := strings.Contains(stderr, "importing"); shown != slow {
			t.Errorf("slow %v: said %q", slow, stderr)
		}
		if strings.Contains(stdout, "importing") {
			t.Errorf("a bar is on standard output")
		}
		if _, stderr := w.want(0, "import", "wordpress", "site.xml", "--json"); stderr != "" {
			t.Errorf("with --json it said %q", stderr)
		}
	}
}
