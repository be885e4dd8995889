package wast

import (
	"iter"
	"strings"
)

// Words goes through the keywords, numbers and names of a component's text,
// without its strings and comments. It ends early where the text is malformed.
func Words(source string) iter.Seq[string] {
	return func(yield func(string) bool) {
		s := &scanner{src: source, line: 1}
		for s.space() == nil && s.pos < len(source) {
			switch source[s.pos] {
			case '(', ')', ';':
				s.pos++
			case '"':
				if _, err := s.text(); err != nil {
					return
				}
			default:
				rest := source[s.pos:]
				end := strings.IndexAny(rest, " \t\r\n()\";")
				if end < 0 {
					end = len(rest)
				}
				s.pos += end
				if !yield(rest[:end]) {
					return
				}
			}
		}
	}
}
