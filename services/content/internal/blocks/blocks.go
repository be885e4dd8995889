// Package blocks reads and writes the grammar in which WordPress keeps blocks
// in a body: HTML in which comments open and close blocks,
//
//	<!-- wp:list {"ordered":true} --><ol>…</ol><!-- /wp:list -->
//	<!-- wp:spacer {"height":"20px"} /-->
//
// as the block editor's default parser (WP_Block_Parser of WordPress 7.1) reads
// it. Nothing is refused for its syntax: what is no block is HTML. Where the
// blocks do not nest, this package differs from WordPress in one way: a block
// that is never closed ends with the document and stays inside the block that
// it stands in, because WordPress moves it before that block, and so could not
// write the body back as it was.
//
// [Serialize] of what [Parse] returned is the body, byte for byte.
package blocks

import (
	"errors"
	"strings"
)

// Bounds on what Parse accepts; WordPress has none, and real articles stay
// below a tenth of each.
const (
	MaxDepth  = 100
	MaxBlocks = 20_000
)

// Errors of Parse.
var (
	ErrTooDeep = errors.New("blocks: nested deeper than 100 blocks")
	ErrTooMany = errors.New("blocks: more than 20000 blocks")
)

// Block is a block, or HTML outside of any block.
type Block struct {
	// Name has its namespace, such as "core/paragraph"; empty for HTML outside
	// of blocks.
	Name string
	// Attributes is the JSON object as written; empty where there is none, or
	// where what stands there is no JSON object.
	Attributes string
	// HTML is the block's own: before, between and after its inner blocks, so
	// one piece more than Blocks.
	HTML []string
	// Blocks are the inner blocks.
	Blocks []Block

	// The comments as written. A void block has no closer, and neither has one
	// that the document's end closed.
	opener, closer string
}

// OwnHTML returns the block's HTML without its inner blocks.
func (b *Block) OwnHTML() string { return strings.Join(b.HTML, "") }

// Serialize writes blocks that Parse returned.
func Serialize(list []Block) string {
	var s strings.Builder
	write(&s, list)
	return s.String()
}

// write recurses at most MaxDepth deep.
func write(s *strings.Builder, list []Block) {
	for i := range list {
		b := &list[i]
		s.WriteString(b.opener)
		for j, html := range b.HTML {
			s.WriteString(html)
			if j < len(b.Blocks) {
				write(s, b.Blocks[j:j+1])
			}
		}
		s.WriteString(b.closer)
	}
}
