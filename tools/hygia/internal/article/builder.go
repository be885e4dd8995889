package article

import "strconv"

// builder writes blocks as WordPress serialises them.
type builder struct {
	body   *Mapped
	inline func(out *Mapped, l line, escape bool)
	// open is the block that further lines may continue: "p", "ul", "blockquote"
	// or none.
	open string
	last int
}

// blocks are the markup around each kind.
//
//nolint:gochecknoglobals // immutable
var blocks = map[string][2]string{
	"p":          {"<!-- wp:paragraph -->\n<p>", "</p>\n<!-- /wp:paragraph -->\n\n"},
	"ul":         {"<!-- wp:list -->\n<ul class=\"wp-block-list\">", "</ul>\n<!-- /wp:list -->\n\n"},
	"li":         {"<!-- wp:list-item -->\n<li>", "</li>\n<!-- /wp:list-item -->\n"},
	"blockquote": {"<!-- wp:quote -->\n<blockquote class=\"wp-block-quote\"><!-- wp:paragraph -->\n<p>", "</p>\n<!-- /wp:paragraph --></blockquote>\n<!-- /wp:quote -->\n\n"},
}

func (b *builder) begin(kind string, l line) {
	if b.open != kind {
		b.close()
		b.body.make(blocks[kind][0], l.at)
		b.open = kind
	}
}

// close ends the open block.
func (b *builder) close() {
	if b.open != "" {
		b.body.make(blocks[b.open][1], b.last)
		b.open = ""
	}
}

func (b *builder) text(l line) {
	b.inline(b.body, l, true)
	b.last = l.at + len(l.text)
}

// paragraphLine continues a paragraph, or a quote, or begins one; a blank line
// ends what is open.
func (b *builder) paragraphLine(l line) {
	if l.text == "" {
		b.close()
		return
	}
	if b.open == "p" || b.open == "blockquote" {
		b.body.make("\n", b.last)
	} else {
		b.begin("p", l)
	}
	b.text(l)
}

func (b *builder) quoteLine(l line) {
	if b.open == "blockquote" {
		b.body.make("\n", b.last)
	} else {
		b.begin("blockquote", l)
	}
	b.text(l)
}

func (b *builder) item(l line) {
	b.begin("ul", l)
	b.body.make(blocks["li"][0], l.at)
	b.text(l)
	b.body.make(blocks["li"][1], b.last)
}

// heading writes one of level 2 to 6: the first level is the title's.
func (b *builder) heading(l line, level int) {
	b.close()
	n := strconv.Itoa(max(level, 2))
	attributes := ""
	if n != "2" {
		attributes = `{"level":` + n + "} "
	}
	b.body.make("<!-- wp:heading "+attributes+"-->\n<h"+n+` class="wp-block-heading">`, l.at)
	b.text(l)
	b.body.make("</h"+n+">\n<!-- /wp:heading -->\n\n", b.last)
}
