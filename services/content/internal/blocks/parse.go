package blocks

// Parse reads a body in time linear in its length. Its errors are ErrTooDeep
// and ErrTooMany. The blocks share the body's memory.
func Parse(body string) ([]Block, error) {
	p := parser{body: body, tokens: scanner{body: body}}
	p.stack = append(p.stack, Block{}) // holds the outermost blocks
	for {
		t, ok := p.tokens.next(p.pos)
		if !ok {
			break
		}
		if t.kind == closer && len(p.stack) == 1 {
			// Nothing is open: as in WordPress, the rest is HTML.
			break
		}
		if err := p.take(t); err != nil {
			return nil, err
		}
	}
	p.html(len(body))
	for len(p.stack) > 1 {
		p.pop("")
	}
	return p.stack[0].Blocks, nil
}

type parser struct {
	body   string
	tokens scanner
	// pos is the end of what was taken.
	pos int
	// stack holds the open blocks; the HTML before the next token is always the
	// last piece of the innermost.
	stack []Block
	count int
}

func (p *parser) take(t token) error {
	p.html(t.start)
	p.pos = t.end
	raw := p.body[t.start:t.end]
	if t.kind == closer {
		p.pop(raw)
		return nil
	}
	if p.count++; p.count > MaxBlocks {
		return ErrTooMany
	}
	b := Block{Name: t.name, Attributes: t.attributes, opener: raw}
	if t.kind == void {
		b.HTML = []string{""}
		p.add(b)
		return nil
	}
	if len(p.stack) > MaxDepth {
		return ErrTooDeep
	}
	p.stack = append(p.stack, b)
	return nil
}

// html gives what stands before end to the innermost open block. Outside of
// blocks it becomes a block without a name.
func (p *parser) html(end int) {
	text := p.body[p.pos:end]
	p.pos = end
	top := &p.stack[len(p.stack)-1]
	if len(p.stack) > 1 {
		top.HTML = append(top.HTML, text)
	} else if text != "" {
		top.Blocks = append(top.Blocks, Block{HTML: []string{text}})
	}
}

func (p *parser) pop(rawCloser string) {
	last := len(p.stack) - 1
	b := p.stack[last]
	b.closer = rawCloser
	p.stack = p.stack[:last]
	// What the document's end closes has taken its HTML, and those around it
	// have no more: each still owes the piece after its last block.
	if len(b.HTML) == len(b.Blocks) {
		b.HTML = append(b.HTML, "")
	}
	p.add(b)
}

func (p *parser) add(b Block) {
	top := &p.stack[len(p.stack)-1]
	top.Blocks = append(top.Blocks, b)
}
