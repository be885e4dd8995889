// Package imports brings entries in from other systems' exports.
//
// An upload is stored first, whole, in a folder of its own; then a runner works
// on it in steps, each of them one transaction. What a crash does, by the place
// where it happens:
//
//	  upload is written, synced, given its name
//	✗ a folder without a row: removed at the next start, nothing was promised
//	  row is committed, the upload is answered
//	✗ the runner finds the open import at the next start
//	  export is inspected to its end; authors and terms are committed
//	✗ goes on with the first page
//	  a page's entries, its omissions and the place of the next are committed
//	✗ goes on with that next page: nothing is lost, nothing is made twice
//	  the end is committed
//	✗ the folder is removed at the next start
//	  folder is removed
//
// Nothing is published: what was public elsewhere needs a medical sign-off here.
// Each item of an export becomes an entry, or is named in the report.
package imports

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/wit/content"
)

// Importer reads an export; content.Importer is one. An error that is a
// content.ImportError is the export's, any other the importer's own.
type Importer interface {
	Inspect(ctx context.Context, path string) (content.Summary, error)
	ReadItems(ctx context.Context, path string, offset uint64, limit uint32) (content.Page, error)
}

// Format is a kind of export, and what reads it.
type Format struct {
	// Importer tells what reads it now, as "name@version".
	Importer func() string
	// Open returns an importer that sees the folder, read-only, and nothing else.
	Open func(folder string) (Opened, error)
}

// Opened is an importer for one import.
type Opened struct {
	Importer
	// Path is where it sees the export.
	Path string
	// Close frees it.
	Close func()
}

// FileName is the export's name in the folder that an importer sees.
const FileName = "export.xml"
