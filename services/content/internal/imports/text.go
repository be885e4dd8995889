package imports

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"unicode"

	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
)

// tidy makes one line of a text: white space and control characters become
// single spaces.
func tidy(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// cut shortens a text to a number of characters.
func cut(s string, limit int) string {
	n := 0
	for i := range s {
		if n == limit {
			return s[:i]
		}
		n++
	}
	return s
}

// unescape reads the percent-encoding in which WordPress keeps slugs of other
// scripts.
func unescape(slug string) string {
	if s, err := url.PathUnescape(slug); err == nil {
		return s
	}
	return slug
}

// termSlug returns a slug for a term, always the same for the same source. Of
// a script that makes none, it is a digest.
func termSlug(slug, name string) string {
	for _, s := range []string{unescape(slug), name} {
		if made := entry.Slug(s); made != "" {
			return made
		}
	}
	return "term-" + digest(slug, name)
}

// sourceKey is the identifier under which an item is known again. An item
// without one is known by what it says.
func sourceKey(src content.SourceEntry) string {
	if src.SourceID == "" || len(src.SourceID) > 64 {
		return "sha256:" + digest(src.SourceID, src.Slug, src.Title, src.PublishedAt, src.Body)
	}
	return src.SourceID
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
