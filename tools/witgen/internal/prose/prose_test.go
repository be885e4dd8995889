package prose_test

import (
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/prose"
)

func TestSentence(t *testing.T) {
	for _, row := range []struct{ name, link, docs, want string }{
		{"EntryKind", "is", "What an entry is.", "EntryKind is what an entry is."},
		{"Credential", "is", "A registration with a council.", "Credential is a registration with a council."},
		{"Validator", "is", "Checks a document.", "Validator checks a document."},
		{"Log", "is", "Writes lines to the log.\nMore.", "Log writes lines to the log.\nMore."},
		{"Validate", "returns", "Findings in the order of their place.", "Validate returns findings in the order of their place."},
		{"Config", "is", "Values that the operator set.", "Config is values that the operator set."},
		{"Now", "returns", "The time.", "Now returns the time."},
		{"Names", "is", "Names of a thing.", "Names of a thing."},
		{"Class", "is", "Class of a thing.", "Class of a thing."},
		{"Rank", "is", "Class of a thing.", "Rank is class of a thing."},
		{"Service", "is", "SPIFFE id of a service.", "Service is SPIFFE id of a service."},
		{"Time", "is", "RFC 3339, UTC.", "Time is RFC 3339, UTC."},
		{"Place", "is", "Its place.", "Place is its place."},
		{"Rule", "is", "", "Rule is the WIT record rule."},
		{"Rule", "is", "Deprecated: As of version 1.2.0.", "Rule is the WIT record rule.\n\nDeprecated: As of version 1.2.0."},
	} {
		if got := prose.Sentence(row.name, row.link, row.docs, "is the WIT record rule."); got != row.want {
			t.Errorf("got  %s\nwant %s", got, row.want)
		}
	}
}

func TestLists(t *testing.T) {
	for want, names := range map[string][]string{
		"A": {"A"}, "A and B": {"A", "B"}, "A, B and C": {"A", "B", "C"},
	} {
		if got := prose.OneOf(names); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := prose.Article("Importer") + ", " + prose.Article("Validator"); got != "an Importer, a Validator" {
		t.Errorf("got %s", got)
	}
}
