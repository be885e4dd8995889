package gofile

import (
	"strings"
	"unicode/utf8"
)

// commentWidth is how wide a comment's text may be, in characters.
const commentWidth = 77

// Wrap breaks text into lines of at most width characters. Paragraphs stand
// apart by empty lines, which stay; an item of a list begins a line; lines that
// begin with a blank are taken as they are, for Go shows them as code.
func Wrap(text string, width int) []string {
	var lines []string
	var line string
	flush := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
	}
	for source := range strings.SplitSeq(text, "\n") {
		if source == "" || source[0] == '\t' || source[0] == ' ' {
			flush()
			lines = append(lines, source)
			continue
		}
		if strings.HasPrefix(source, "- ") || strings.HasPrefix(source, "* ") {
			flush()
		}
		for word := range strings.FieldsSeq(source) {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				flush()
			}
			if line != "" {
				line += " "
			}
			line += word
		}
	}
	flush()
	return lines
}
