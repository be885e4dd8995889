package blocks

import (
	"encoding/json"
	"strings"
)

type kind int

const (
	opener kind = iota
	closer
	void
)

// token is a comment that opens or closes a block: body[start:end].
type token struct {
	kind       kind
	start, end int
	name       string
	attributes string
}

const (
	commentStart = "<!--"
	commentEnd   = "-->"
)

// scanner finds tokens as WordPress's regular expression does:
//
//	<!--\s+(/)?wp:([a-z][a-z0-9_-]*/)?([a-z][a-z0-9_-]*)\s+({…}\s+)?(/)?-->
//
// where {…} ends before the first }\s+/?-->. It never looks at a byte more than
// a fixed number of times, as long as it is asked for growing positions.
type scanner struct {
	body string
	// ends is the first place at or after the last one asked for where
	// attributes can end, so that many comments without an end do not each
	// search the rest of the body.
	ends struct {
		brace, after int // the brace's place, and that of what follows the spaces
		known        bool
	}
}

// next returns the first token that starts at or after pos.
func (s *scanner) next(pos int) (token, bool) {
	for {
		i := strings.Index(s.body[pos:], commentStart)
		if i < 0 {
			return token{}, false
		}
		pos += i
		if t, ok := s.token(pos); ok {
			return t, true
		}
		pos += len(commentStart)
	}
}

// token reads the token whose comment starts at start.
func (s *scanner) token(start int) (token, bool) {
	t := token{kind: opener, start: start}
	pos, ok := s.spaces(start + len(commentStart))
	if !ok {
		return t, false
	}
	if s.has(pos, "/") {
		t.kind = closer
		pos++
	}
	if !s.has(pos, "wp:") {
		return t, false
	}
	if t.name, pos, ok = s.blockName(pos + len("wp:")); !ok {
		return t, false
	}
	if pos, ok = s.spaces(pos); !ok {
		return t, false
	}
	if s.has(pos, "{") {
		brace, after, ok := s.attributesEnd(pos + 1)
		if !ok {
			return t, false
		}
		if raw := s.body[pos : brace+1]; json.Valid([]byte(raw)) {
			t.attributes = raw
		}
		pos = after
	}
	if s.has(pos, "/") {
		t.kind = void
		pos++
	}
	t.end = pos + len(commentEnd)
	return t, s.has(pos, commentEnd)
}

// blockName reads a name, and gives it WordPress's own namespace where it has
// none.
func (s *scanner) blockName(pos int) (name string, end int, ok bool) {
	first := s.word(pos)
	if first == pos {
		return "", pos, false
	}
	if !s.has(first, "/") {
		return "core/" + s.body[pos:first], first, true
	}
	second := s.word(first + 1)
	return s.body[pos:second], second, second > first+1
}

// word returns the end of [a-z][a-z0-9_-]*; pos where there is none.
func (s *scanner) word(pos int) int {
	i := pos
	for ; i < len(s.body); i++ {
		c := s.body[i]
		first := c >= 'a' && c <= 'z'
		later := first || c >= '0' && c <= '9' || c == '_' || c == '-'
		if !later || i == pos && !first {
			break
		}
	}
	return i
}

// spaces returns the end of at least one white space.
func (s *scanner) spaces(pos int) (int, bool) {
	i := pos
	for i < len(s.body) && strings.IndexByte(" \t\n\v\f\r", s.body[i]) >= 0 {
		i++
	}
	return i, i > pos
}

// attributesEnd finds the first brace at or after pos that ends attributes.
func (s *scanner) attributesEnd(pos int) (brace, after int, ok bool) {
	e := &s.ends
	if !e.known || e.brace < pos {
		e.known, e.brace = true, len(s.body)
		for i := pos; ; i++ {
			n := strings.IndexByte(s.body[i:], '}')
			if n < 0 {
				break
			}
			i += n
			if after, ok := s.spaces(i + 1); ok && (s.has(after, commentEnd) || s.has(after, "/"+commentEnd)) {
				e.brace, e.after = i, after
				break
			}
		}
	}
	return e.brace, e.after, e.brace < len(s.body)
}

func (s *scanner) has(pos int, text string) bool {
	return strings.HasPrefix(s.body[pos:], text)
}
