// Package jsdoc turns the comments of proto files into those of TypeScript.
package jsdoc

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// Text joins what is written before and behind an element, without the marks and
// the indentation of comments.
func Text(comments protogen.CommentSet) string {
	var parts []string
	for _, c := range []protogen.Comments{comments.Leading, comments.Trailing} {
		if text := Clean(string(c)); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n\n")
}

// Clean takes the blank that stands before each line of a comment, and the empty
// lines around it.
func Clean(comment string) string {
	lines := strings.Split(comment, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, " "), " \t\r")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// Comment writes a text as a doc comment, each line behind indent and ended by a
// line feed; nothing where the text is empty.
func Comment(indent, text string) string {
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(text, "*/", `*\/`)
	if !strings.Contains(text, "\n") {
		return indent + "/** " + text + " */\n"
	}
	var b strings.Builder
	b.WriteString(indent + "/**\n")
	for _, line := range strings.Split(text, "\n") {
		b.WriteString(strings.TrimRight(indent+" * "+line, " ") + "\n")
	}
	b.WriteString(indent + " */\n")
	return b.String()
}
