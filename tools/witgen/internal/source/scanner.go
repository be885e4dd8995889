package source

// scanner records the positions of declarations while it passes over tokens.
type scanner struct {
	tokens []token
	at     int
	index  *Index
}

func (s *scanner) more() bool { return s.at < len(s.tokens) }

// next gives the token at hand and passes it; at the end, an empty one.
func (s *scanner) next() token {
	if !s.more() {
		return token{}
	}
	s.at++
	return s.tokens[s.at-1]
}

// peek gives the text of the token that is n further on.
func (s *scanner) peek(n int) string {
	if s.at+n >= len(s.tokens) {
		return ""
	}
	return s.tokens[s.at+n].text
}

// mark records where the name that the last token holds was declared. The first
// declaration wins.
func (s *scanner) mark(path []string) {
	key := join(path)
	if _, ok := s.index.positions[key]; !ok {
		s.index.positions[key] = s.tokens[s.at-1].pos
	}
}

// item passes one item of a file, interface or world, whose path is given.
func (s *scanner) item(path []string) {
	t := s.next()
	switch {
	case t.text == "@":
		s.attribute()
	case s.peek(0) == ":" && t.word && t.text != "package":
		s.function(path, t)
	case t.text == "interface" || t.text == "world":
		s.block(path, (*scanner).item)
	case t.text == "record" || t.text == "variant" || t.text == "enum" || t.text == "flags":
		s.block(path, (*scanner).member)
	case t.text == "resource":
		s.resource(path)
	case t.text == "type":
		name := s.next()
		s.mark(child(path, name.text))
		s.until(";")
	case t.text == "import" || t.text == "export":
		s.worldItem(path)
	default:
		s.until(";")
	}
}

// attribute passes "@name(…)"; its "@" is behind.
func (s *scanner) attribute() {
	s.next()
	if s.peek(0) == "(" {
		s.until(")")
	}
}

// block passes "name { … }", giving each thing inside to inner.
func (s *scanner) block(path []string, inner func(*scanner, []string)) {
	path = child(path, s.next().text)
	s.mark(path)
	s.next() // The opening brace.
	for s.more() && s.peek(0) != "}" {
		inner(s, path)
	}
	s.next()
}

// resource passes "resource name;" or "resource name { … }".
func (s *scanner) resource(path []string) {
	if s.peek(1) == "{" {
		s.block(path, (*scanner).item)
		return
	}
	s.mark(child(path, s.next().text))
	s.until(";")
}

// member passes one field, case or flag, with the comma that may follow.
func (s *scanner) member(path []string) {
	t := s.next()
	if t.text == "@" {
		s.attribute()
		return
	}
	s.mark(child(path, t.text))
	depth := 0
	for s.more() {
		switch s.peek(0) {
		case "<", "(":
			depth++
		case ">", ")":
			depth--
		case ",":
			if depth == 0 {
				s.next()
				return
			}
		case "}":
			return
		}
		s.next()
	}
}

// function passes "name: func(…) -> …;"; the name is behind.
func (s *scanner) function(path []string, name token) {
	path = child(path, name.text)
	s.mark(path)
	s.next() // The colon.
	if s.peek(0) == "async" {
		s.index.Async = append(s.index.Async, Declaration{Name: name.text, Position: name.pos})
	}
	for s.more() && s.peek(0) != "(" && s.peek(0) != ";" {
		s.next()
	}
	s.next()
	for s.more() && s.peek(0) != ")" {
		s.parameter(path)
	}
	s.until(";")
}

// parameter passes "name: type" and the comma that may follow.
func (s *scanner) parameter(path []string) {
	s.mark(child(path, s.next().text))
	depth := 0
	for s.more() {
		switch s.peek(0) {
		case "<":
			depth++
		case ">":
			depth--
		case ",":
			if depth == 0 {
				s.next()
				return
			}
		case ")":
			return
		}
		s.next()
	}
}

// worldItem passes what follows "import" or "export" in a world: the name of an
// interface, or a function or interface declared on the spot.
func (s *scanner) worldItem(path []string) {
	name := s.next()
	path = child(path, name.text)
	s.mark(path)
	if s.peek(0) != ":" {
		s.until(";")
		return
	}
	switch s.peek(1) {
	case "func", "async":
		s.function(path[:len(path)-1], name)
	case "interface":
		s.next()
		s.tokens[s.at].text = name.text
		s.block(path[:len(path)-1], (*scanner).item)
	default:
		s.until(";")
	}
}

// until passes everything up to and with the given token. Braces inside belong
// to it, as in "use types.{a, b};".
func (s *scanner) until(end string) {
	for s.more() && s.next().text != end {
	}
}

func child(path []string, name string) []string {
	return append(path[:len(path):len(path)], name)
}
