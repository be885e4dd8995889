package component

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// around returns texts that have s at many places, some in the first blocks and
// some at the end: short ones are checked in another way than long ones.
func around(s string) []string {
	out := []string{s, s + strings.Repeat("a", 70), "é" + s}
	for _, before := range []int{29, 30, 31, 32, 61, 62, 63, 64, 125, 126, 127, 128} {
		prefix := strings.Repeat("a", before)
		out = append(out, prefix+s, prefix+s+"ção"+strings.Repeat("z", 130))
	}
	return out
}

func checkUTF8(t interface{ Fatalf(string, ...any) }, s string) {
	for _, text := range around(s) {
		want := utf8.ValidString(text)
		for _, width := range []uint{1, 32, 64} { // as far as the processor has them
			if got := isUTF8(text, width); got != want {
				t.Fatalf("%q: %v, by %d", text, got, width)
			}
		}
	}
}

// Every sequence of the bytes that a rule of UTF-8 begins or ends at.
func TestUTF8AsUnicodeSays(t *testing.T) {
	edges := []byte{0, 'a', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xec, 0xed, 0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff}
	var b [4]byte
	var next func(n int)
	next = func(n int) {
		if n > 0 {
			checkUTF8(t, string(b[:n]))
		}
		if n == len(b) {
			return
		}
		for _, e := range edges {
			if n < 2 || e >= 0x80 || b[n-1] >= 0x80 {
				b[n] = e
				next(n + 1)
			}
		}
	}
	next(0)
}

func TestUTF8AsGoSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Repeat(rapid.String().Draw(t, "text"), rapid.IntRange(1, 9).Draw(t, "times"))
		b := []byte(s + rapid.String().Draw(t, "end"))
		if len(b) > 0 && rapid.Bool().Draw(t, "broken") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		checkUTF8(t, string(b))
	})
}

func FuzzUTF8(f *testing.F) {
	f.Add("saúde: \xf0\x9f\xa9\xba\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) { checkUTF8(t, s) })
}
