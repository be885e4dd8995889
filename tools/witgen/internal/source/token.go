package source

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// token is a word (an identifier, keyword or version) or one other character.
type token struct {
	text string
	word bool
	pos  model.Position
}

// tokenize splits a file, leaving out blanks and comments. Block comments nest,
// as WIT says.
func tokenize(file, text string) []token {
	var tokens []token
	line, start := 1, 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\n':
			i++
			line, start = line+1, i
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(text[i:], "//"):
			i += lineLength(text[i:])
		case strings.HasPrefix(text[i:], "/*"):
			n := blockLength(text[i:])
			if k := strings.LastIndexByte(text[i:i+n], '\n'); k >= 0 {
				line += strings.Count(text[i:i+n], "\n")
				start = i + k + 1
			}
			i += n
		default:
			n := wordLength(text[i:])
			word := n > 0
			if !word {
				n = 1
			}
			tokens = append(tokens, token{
				text: strings.TrimPrefix(text[i:i+n], "%"),
				word: word,
				pos:  model.Position{File: file, Line: line, Column: i - start + 1},
			})
			i += n
		}
	}
	return tokens
}

func lineLength(s string) int {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return n
	}
	return len(s)
}

func blockLength(s string) int {
	depth := 0
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth, i = depth+1, i+2
		case strings.HasPrefix(s[i:], "*/"):
			depth, i = depth-1, i+2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return len(s)
}

// wordLength counts the characters of an identifier at the start of s, with the
// "%" that escapes a keyword. An arrow's "-" is no part of a word: a word never
// starts with one.
func wordLength(s string) int {
	n := 0
	for n < len(s) {
		c := s[n]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (c != '%' || n != 0) && (c != '-' || n == 0) {
			break
		}
		n++
	}
	return n
}
