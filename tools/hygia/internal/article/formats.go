package article

import (
	"html"
	"regexp"
	"strings"
)

// line is a line of a file, without its end, and where it starts.
type line struct {
	text string
	at   int
}

func lines(text string) []line {
	var out []line
	for at := 0; at < len(text); {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text) - at
		}
		out = append(out, line{strings.TrimSuffix(text[at:at+end], "\r"), at})
		at += end + 1
	}
	return out
}

// trimmed is the line without white space around it.
func (l line) trimmed() line {
	cut := strings.TrimLeft(l.text, " \t")
	return line{strings.TrimRight(cut, " \t"), l.at + len(l.text) - len(cut)}
}

// without is the line after n bytes, trimmed.
func (l line) without(n int) line { return line{l.text[n:], l.at + n}.trimmed() }

var (
	h1        = regexp.MustCompile(`(?is)<h1\b[^>]*>(.*?)</h1>`)
	htmlHead  = regexp.MustCompile(`(?is)<title\b[^>]*>(.*?)</title>`)
	htmlH2    = regexp.MustCompile(`(?is)<h2\b[^>]*>(.*?)</h2>`)
	tag       = regexp.MustCompile(`(?s)<[^>]*>`)
	entity    = regexp.MustCompile(`&(?:[a-zA-Z]{2,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});`)
	mdHeading = regexp.MustCompile(`^(#{1,6})[ \t]+`)
	mdItem    = regexp.MustCompile(`^(?:[-*+]|\d{1,9}[.)])[ \t]+`)
	mdQuote   = regexp.MustCompile(`^>[ \t]?`)
	mdRule    = regexp.MustCompile(`^(?:-{3,}|\*{3,}|_{3,})$`)
	mdLink    = regexp.MustCompile(`!?\[([^\]\n]*)\]\([^)\n]*\)`)
	mdEmph    = regexp.MustCompile("\\*+|`+|(^|[^\\pL\\pN])_+|_+([^\\pL\\pN]|$)")
)

// htmlTitle takes the title of a page: its first h1, its title, its first h2.
func htmlTitle(text string) *Mapped {
	for _, pattern := range []*regexp.Regexp{h1, htmlHead, htmlH2} {
		at := pattern.FindStringSubmatchIndex(text)
		if at == nil {
			continue
		}
		title := new(Mapped)
		inner, rest := text[at[2]:at[3]], 0
		for _, t := range tag.FindAllStringIndex(inner, -1) {
			unescaped(title, inner[rest:t[0]], at[2]+rest)
			rest = t[1]
		}
		unescaped(title, inner[rest:], at[2]+rest)
		return title
	}
	return nil
}

// unescaped appends a stretch of HTML as text.
func unescaped(out *Mapped, text string, at int) {
	from := 0
	for _, e := range entity.FindAllStringIndex(text, -1) {
		out.copy(text[from:e[0]], at+from)
		out.make(html.UnescapeString(text[e[0]:e[1]]), at+e[0])
		from = e[1]
	}
	out.copy(text[from:], at+from)
}

// plainText makes a paragraph of each stretch of lines; the first line is the
// title where a blank one follows it.
func plainText(text string) (title, body *Mapped) {
	all := lines(text)
	if len(all) > 1 && all[0].trimmed().text != "" && all[1].trimmed().text == "" {
		first := all[0].trimmed()
		title = new(Mapped)
		title.copy(first.text, first.at)
		all = all[2:]
	}
	b := builder{body: new(Mapped), inline: escaped}
	for _, l := range all {
		b.paragraphLine(l.trimmed())
	}
	b.close()
	return title, b.body
}

// markdown makes blocks of headings, lists, quotes and paragraphs, which is what
// an article has; all else is taken as text. The first heading of the first
// level is the title.
func markdown(text string) (title, body *Mapped) {
	b := builder{body: new(Mapped), inline: inlineMarkdown}
	for _, raw := range lines(text) {
		l := raw.trimmed()
		if mdRule.MatchString(l.text) {
			b.close()
			continue
		}
		if m := mdHeading.FindString(l.text); m != "" {
			inner := l.without(len(m))
			inner.text = strings.TrimRight(inner.text, "# ")
			if level := strings.Count(m, "#"); level == 1 && title == nil {
				title = new(Mapped)
				inlineMarkdown(title, inner, false)
			} else {
				b.heading(inner, level)
			}
			continue
		}
		if m := mdItem.FindString(l.text); m != "" {
			b.item(l.without(len(m)))
			continue
		}
		if m := mdQuote.FindString(l.text); m != "" {
			b.quoteLine(l.without(len(m)))
			continue
		}
		b.paragraphLine(l)
	}
	b.close()
	return title, b.body
}

// entityOf gives what stands for a byte in HTML; "" where it stands for itself.
func entityOf(b byte) string {
	switch b {
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '&':
		return "&amp;"
	}
	return ""
}

// escaped appends a line as text of HTML.
func escaped(out *Mapped, l line, escape bool) {
	from := 0
	for i := 0; escape && i < len(l.text); i++ {
		if e := entityOf(l.text[i]); e != "" {
			out.copy(l.text[from:i], l.at+from)
			out.make(e, l.at+i)
			from = i + 1
		}
	}
	out.copy(l.text[from:], l.at+from)
}

// inlineMarkdown appends a line without the marks of emphasis and code, and of a
// link its text alone: a rule must see the words as a reader does.
func inlineMarkdown(out *Mapped, l line, escape bool) {
	from := 0
	for _, at := range mdLink.FindAllStringSubmatchIndex(l.text, -1) {
		unmarked(out, line{l.text[from:at[0]], l.at + from}, escape)
		unmarked(out, line{l.text[at[2]:at[3]], l.at + at[2]}, escape)
		from = at[1]
	}
	unmarked(out, line{l.text[from:], l.at + from}, escape)
}

func unmarked(out *Mapped, l line, escape bool) {
	from := 0
	for _, at := range mdEmph.FindAllStringSubmatchIndex(l.text, -1) {
		start, end := at[0], at[1]
		if at[2] >= 0 {
			start = at[3]
		}
		if at[4] >= 0 {
			end = at[4]
		}
		escaped(out, line{l.text[from:start], l.at + from}, escape)
		from = end
	}
	escaped(out, line{l.text[from:], l.at + from}, escape)
}
