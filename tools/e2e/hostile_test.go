package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wxr is an export with so many posts.
func wxr(items int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Saúde</title><link>https://saude.example</link><language>pt-BR</language>
<wp:wxr_version>1.2</wp:wxr_version><wp:base_site_url>https://saude.example</wp:base_site_url><wp:base_blog_url>https://saude.example</wp:base_blog_url>
`)
	for i := range items {
		fmt.Fprintf(&b, `<item><title><![CDATA[Artigo %[1]d]]></title><dc:creator><![CDATA[redacao]]></dc:creator>
<content:encoded><![CDATA[<!-- wp:paragraph --><p>Texto %[1]d.</p><!-- /wp:paragraph -->]]></content:encoded><excerpt:encoded><![CDATA[]]></excerpt:encoded>
<wp:post_id>%[1]d</wp:post_id><wp:post_date_gmt><![CDATA[2026-01-05 11:00:00]]></wp:post_date_gmt><wp:post_modified_gmt><![CDATA[2026-01-05 11:00:00]]></wp:post_modified_gmt>
<wp:post_name><![CDATA[artigo-%[1]d]]></wp:post_name><wp:status><![CDATA[draft]]></wp:status><wp:post_type><![CDATA[post]]></wp:post_type></item>
`, i+1)
	}
	b.WriteString("</channel></rss>\n")
	return b.String()
}

// Exports that are broken or meant to harm get a clear error, and leave nothing.
func TestHostileExportsLeaveNothing(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), ".hygia"))
	before, err := s.entries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	whole := wxr(40)
	bomb := `<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>` +
		strings.TrimPrefix(strings.Replace(whole, "Artigo 1]]>", "]]>&c;", 1), `<?xml version="1.0" encoding="UTF-8"?>`)
	for name, c := range map[string]struct{ text, says string }{
		"truncated":       {whole[:len(whole)*2/3], "line"},
		"not XML":         {"PK\x03\x04 this is a zip file, or was", ""},
		"another XML":     {`<?xml version="1.0"?><html><body/></html>`, ""},
		"empty":           {"", ""},
		"entity bomb":     {bomb, ""},
		"invalid UTF-8":   {strings.Replace(whole, "Texto 20", "Texto \xff\xfe", 1), ""},
		"elements nested": {`<?xml version="1.0"?><rss><channel>` + strings.Repeat("<a>", 100_000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "export.xml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			a := s.uploadFile(t, path)
			if a.status != http.StatusAccepted {
				p := a.problem(t)
				t.Logf("refused at once: %d %s: %s", p.Status, p.Reason, p.Detail)
				return
			}
			id := importID(t, a)
			var job importJob
			eventually(t, time.Minute, func() error {
				if job = s.importJob(t, id); job.State != "IMPORT_STATE_REFUSED" {
					return fmt.Errorf("%+v", job)
				}
				return nil
			})
			if job.Problem == "" || !strings.Contains(job.Problem, c.says) || job.EntriesCreated != 0 {
				t.Errorf("got %+v", job)
			}
			t.Log(job.Problem)
			left, err := s.entries(t.Context(), "importId="+id)
			if err != nil || len(left) != 0 {
				t.Errorf("%d entries were left, %v", len(left), err)
			}
		})
	}
	t.Run("200 MB", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "export.xml")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(200_000_000); err != nil {
			t.Fatal(err)
		}
		f.Close()
		a := s.uploadFile(t, path)
		if p := a.problem(t); p.Status != http.StatusRequestEntityTooLarge || !strings.Contains(p.Detail+p.Hint, "64") {
			t.Errorf("got %+v", p)
		}
		_, errs, code := s.cli(t, "", "import", "wordpress", path)
		if code == 0 || !strings.Contains(errs, "64") {
			t.Errorf("the command line: exit %d, %s", code, errs)
		}
	})
	after, err := s.entries(t.Context(), "")
	if err != nil || len(after) != len(before) {
		t.Errorf("%d entries became %d, %v", len(before), len(after), err)
	}
}

func importID(t *testing.T, a answer) string {
	t.Helper()
	_, rest, ok := strings.Cut(a.header.Get("Location"), "/v1/imports/")
	if !ok {
		t.Fatalf("accepted without a place: %v", a.header)
	}
	return rest
}

// Invariant 9: what is refused gets one clear error and changes nothing.
func TestInvariant9EachRefusalIsItsOwn(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), ".hygia"))
	other := start(t, filepath.Join(t.TempDir(), ".hygia"))
	theirs, err := other.entries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s.vars["HYGIA_STRANGER_TOKEN"] = other.vars["HYGIA_EDITOR_TOKEN"]
	s.vars["HYGIA_BROKEN_TOKEN"] = s.vars["HYGIA_EDITOR_TOKEN"] + "x"
	s.vars["HYGIA_REVOKED_TOKEN"] = revoked(t, s)

	const sound = `{"text":"CPF 529.982.247-25"}`
	reasons := map[string]string{}
	for name, c := range map[string]struct {
		role, method, path, contentType, body string
		status                                int
	}{
		"unknown field":    {"DPO", "POST", "/v1/anonymize", "application/json", `{"text":"x","texto":"y"}`, 400},
		"not JSON":         {"DPO", "POST", "/v1/anonymize", "application/json", `{"text":`, 400},
		"wrong type":       {"DPO", "POST", "/v1/anonymize", "text/plain", sound, 415},
		"oversized":        {"DPO", "POST", "/v1/anonymize", "application/json", `{"text":"` + strings.Repeat("a", 3<<20) + `"}`, 413},
		"a rule is broken": {"EDITOR", "GET", "/v1/entries/nope", "", "", 400},
		"no token":         {"", "POST", "/v1/anonymize", "application/json", sound, 401},
		"revoked token":    {"REVOKED", "POST", "/v1/anonymize", "application/json", sound, 401},
		"broken token":     {"BROKEN", "POST", "/v1/anonymize", "application/json", sound, 401},
		"another suite's":  {"STRANGER", "POST", "/v1/anonymize", "application/json", sound, 401},
		"not allowed":      {"EDITOR", "GET", "/v1/audit/events", "", "", 403},
		"not there":        {"EDITOR", "GET", "/v1/entries/" + theirs[0].ID, "", "", 404},
		"no such path":     {"EDITOR", "GET", "/v1/nope", "", "", 404},
		"no such method":   {"EDITOR", "PATCH", "/v1/entries", "application/json", "{}", 405},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := s.do(t.Context(), c.role, c.method, c.path, c.contentType, bytes.NewReader([]byte(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			p := a.problem(t)
			if p.Status != c.status {
				t.Errorf("got %d %s: %s", p.Status, p.Reason, p.Detail)
			}
			if a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
			reasons[name] = p.Reason
			t.Logf("%d %s: %s %s", p.Status, p.Reason, p.Detail, p.Hint)
		})
	}
	for _, pair := range [][2]string{{"unknown field", "not JSON"}, {"no token", "revoked token"}, {"not there", "no such path"}} {
		if reasons[pair[0]] == reasons[pair[1]] {
			t.Errorf("%s and %s are the same to a program: %s", pair[0], pair[1], reasons[pair[0]])
		}
	}
}

// revoked makes a token of the editor's and takes it back.
func revoked(t *testing.T, s *suite) string {
	t.Helper()
	var made struct {
		Token    string
		APIToken struct{ ID string } `json:"apiToken"`
	}
	s.must(t, "EDITOR", http.MethodPost, "/v1/tokens", object{"label": "for a while"}, &made)
	s.must(t, "EDITOR", http.MethodDelete, "/v1/tokens/"+made.APIToken.ID, nil, nil)
	return made.Token
}
