package entry

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxSlug is the longest slug, in bytes.
const MaxSlug = 200

// slugRoom is kept free in a made slug, for a suffix that makes it unique.
const slugRoom = 20

// Slug makes a slug of a title: letters without their accents, in lower case,
// and digits; anything else becomes one hyphen. It is empty where the title has
// none of them.
func Slug(title string) string {
	var b strings.Builder
	hyphen := false
	for _, r := range norm.NFKD.String(title) {
		r = unicode.ToLower(r)
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if hyphen && b.Len() > 0 {
				b.WriteByte('-')
			}
			hyphen = false
			b.WriteRune(r)
		case !unicode.Is(unicode.Mn, r):
			hyphen = true
		}
		if b.Len() >= MaxSlug-slugRoom {
			break
		}
	}
	return b.String()
}

// IsSlug tells whether s is a slug: lower-case letters and digits, in words
// joined by single hyphens, at most MaxSlug bytes.
func IsSlug(s string) bool {
	if s == "" || len(s) > MaxSlug {
		return false
	}
	hyphen := true // none may come first
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			hyphen = false
		case c == '-' && !hyphen:
			hyphen = true
		default:
			return false
		}
	}
	return !hyphen
}
