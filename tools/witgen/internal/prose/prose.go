// Package prose makes documentation that reads like a Go programmer's from
// documentation that was written for a contract.
package prose

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence turns a WIT doc into the doc of a Go name, which Go wants to begin
// with the name: "What an entry is." becomes "EntryKind is what an entry is.",
// and "Checks a document." becomes "Validator checks a document.". The link,
// such as "is" or "returns", joins a name and what is no verb. Where there is no
// doc, fallback is the whole of it; where it begins with Go's paragraph of what is
// deprecated, fallback comes before that.
func Sentence(name, link, docs, fallback string) string {
	switch {
	case docs == "":
		return name + " " + fallback
	case strings.HasPrefix(docs, "Deprecated: "):
		return name + " " + fallback + "\n\n" + docs
	}
	first, rest, _ := strings.Cut(docs, " ")
	switch {
	case first == name:
		return docs
	case verb(first, rest):
		return name + " " + Uncapitalize(docs)
	default:
		return name + " " + link + " " + Uncapitalize(docs)
	}
}

// verb guesses whether a doc begins with a verb of the third person, as docs of
// functions often do: with a word in s that is none of the few others, unless
// what follows it would follow a plural, as in "Findings in the order of their
// place". A wrong guess costs a clumsy sentence, nothing else.
func verb(first, rest string) bool {
	first = strings.TrimRight(first, ",;:.")
	if !strings.HasSuffix(first, "s") || strings.HasSuffix(first, "ss") || strings.HasSuffix(first, "'s") {
		return false
	}
	others := []string{"This", "Its", "His", "Theirs", "Always", "Perhaps", "Is", "As", "Whereas", "Unless"}
	afterPlural := []string{"in", "of", "that", "which", "who", "whose", "with", "from", "for", "and", "or", "by", "where", "when"}
	next, _, _ := strings.Cut(rest, " ")
	return !slices.Contains(others, first) && !slices.Contains(afterPlural, next)
}

// Uncapitalize makes the first letter small, unless its word is an acronym, a
// name such as "SPIFFE", or stands in quotes.
func Uncapitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[n:])
	if unicode.IsUpper(second) || unicode.IsDigit(second) {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// Words turns a kebab-case name into words.
func Words(kebab string) string { return strings.ReplaceAll(kebab, "-", " ") }

// OneOf joins names as a sentence does: "A, B and C".
func OneOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Article gives the indefinite article for a Go name, with the name.
func Article(name string) string {
	if strings.ContainsRune("AEIO", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}
