package article

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Mapped is text that was made from a file, and where each byte came from.
type Mapped struct {
	text  strings.Builder
	marks []mark
}

// mark begins a stretch of the text: from out on it is either copied from the
// file, from src on, or made up at src.
type mark struct {
	out, src int
	copied   bool
}

// copy appends bytes of the file, which start at src.
func (m *Mapped) copy(text string, src int) {
	if text != "" {
		m.marks = append(m.marks, mark{m.text.Len(), src, true})
		m.text.WriteString(text)
	}
}

// make appends markup that the file does not have; it belongs to src.
func (m *Mapped) make(text string, src int) {
	if text != "" {
		m.marks = append(m.marks, mark{m.text.Len(), src, false})
		m.text.WriteString(text)
	}
}

// String is the text.
func (m *Mapped) String() string { return m.text.String() }

// Source gives the stretch of the file from which bytes start to end of the text
// came. Both are clamped to the text.
func (m *Mapped) Source(start, end int) (int, int) {
	start = min(max(start, 0), m.text.Len())
	end = min(max(end, start), m.text.Len())
	from := m.at(start)
	if end == start {
		return from, from
	}
	// The end is that of the last byte inside, so that a stretch that ends where
	// markup begins does not take the markup in.
	return from, max(from, m.at(end-1)+m.width(end-1))
}

func (m *Mapped) at(offset int) int {
	if len(m.marks) == 0 {
		return 0
	}
	i := sort.Search(len(m.marks), func(i int) bool { return m.marks[i].out > offset }) - 1
	if k := m.marks[max(i, 0)]; !k.copied {
		return k.src
	} else {
		return k.src + offset - k.out
	}
}

// width is how many bytes of the file a byte of the text stands for.
func (m *Mapped) width(offset int) int {
	i, _ := slices.BinarySearchFunc(m.marks, offset+1, func(k mark, o int) int { return k.out - o })
	if i == 0 || !m.marks[i-1].copied {
		return 0
	}
	return 1
}

// Place is where something is in a file, for a person: both from 1, the column
// in characters.
type Place struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// PlaceOf gives the place of a byte of a text.
func PlaceOf(text string, offset int) Place {
	before := text[:min(max(offset, 0), len(text))]
	line := strings.Count(before, "\n") + 1
	return Place{line, utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1}
}
