package naming_test

import (
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
)

func TestNames(t *testing.T) {
	for _, row := range []struct{ kebab, exported, unexported, snake, message string }{
		{"document", "Document", "document", "document", "Document"},
		{"source-id", "SourceID", "sourceID", "source_id", "SourceId"},
		{"id", "ID", "id", "id", "Id"},
		{"ids", "IDs", "ids", "ids", "Ids"},
		{"html-body", "HTMLBody", "htmlBody", "html_body", "HtmlBody"},
		{"site-url", "SiteURL", "siteURL", "site_url", "SiteUrl"},
		{"cpf", "CPF", "cpf", "cpf", "Cpf"},
		{"identify", "Identify", "identify", "identify", "Identify"},
		{"utf8-text", "UTF8Text", "utf8Text", "utf8_text", "Utf8Text"},
		{"a0", "A0", "a0", "a0", "A0"},
		{"XYZ-thing", "XYZThing", "xyzThing", "xyz_thing", "XYZThing"},
	} {
		if got := naming.Exported(row.kebab); got != row.exported {
			t.Errorf("exported %s: got %s, want %s", row.kebab, got, row.exported)
		}
		if got := naming.Unexported(row.kebab); got != row.unexported {
			t.Errorf("unexported %s: got %s, want %s", row.kebab, got, row.unexported)
		}
		if got := naming.Snake(row.kebab); got != row.snake {
			t.Errorf("snake %s: got %s, want %s", row.kebab, got, row.snake)
		}
		if got := naming.Message(row.kebab); got != row.message {
			t.Errorf("message %s: got %s, want %s", row.kebab, got, row.message)
		}
	}
	if got := naming.Screaming("entry-kind"); got != "ENTRY_KIND" {
		t.Errorf("screaming: got %s", got)
	}
}

// The rows are what protoc-gen-go makes; the golden files, which it compiles,
// hold to it too.
func TestProtoGo(t *testing.T) {
	for name, want := range map[string]string{
		"source_id": "SourceId", "id": "Id", "a1b": "A1B", "a_1": "A_1", "_a": "XA",
		"Document": "Document", "HTMLBody": "HTMLBody", "a__b": "A_B", "f00": "F00",
		"outer.inner": "OuterInner", "Outer.Inner": "Outer_Inner",
	} {
		if got := naming.ProtoGo(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
