package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/swaggest/swgui/v5/static"
)

//go:embed page
var page embed.FS

// docsPolicy lets the page load what the gateway serves, and nothing else. Swagger
// UI draws with inline styles and with images in its style sheet.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset is one file, as it is sent.
type asset struct {
	content []byte
	kind    string
	etag    string
}

// Handler serves the document, and a page to browse it: Swagger UI, embedded.
type Handler struct {
	document asset
	page     map[string]asset // by the name under /docs/; "" is the page
}

// NewHandler reads every file, so that serving cannot fail.
func NewHandler(document []byte) (*Handler, error) {
	h := &Handler{document: newAsset("openapi.json", document), page: map[string]asset{}}
	for name, from := range map[string]struct {
		files fs.FS
		path  string
	}{
		"":                     {page, "page/index.html"},
		"start.js":             {page, "page/start.js"},
		"swagger-ui.css":       {static.FS, "swagger-ui.css.gz"},
		"swagger-ui-bundle.js": {static.FS, "swagger-ui-bundle.js.gz"},
		"favicon-32x32.png":    {static.FS, "favicon-32x32.png"},
	} {
		content, err := read(from.files, from.path)
		if err != nil {
			return nil, fmt.Errorf("openapi: %s: %w", from.path, err)
		}
		h.page[name] = newAsset(from.path, content)
	}
	return h, nil
}

// ServeDocument serves the description.
func (h *Handler) ServeDocument(w http.ResponseWriter, r *http.Request) { serve(w, r, h.document) }

// ServePage serves the page's file that the path's {file} names, and reports
// whether there is one.
func (h *Handler) ServePage(w http.ResponseWriter, r *http.Request) bool {
	a, ok := h.page[r.PathValue("file")]
	if !ok {
		return false
	}
	w.Header().Set("Content-Security-Policy", docsPolicy)
	serve(w, r, a)
	return true
}

func serve(w http.ResponseWriter, r *http.Request, a asset) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("ETag", a.etag)
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
}

func newAsset(file string, content []byte) asset {
	sum := sha256.Sum256(content)
	return asset{
		content: content,
		kind:    mime.TypeByExtension(path.Ext(strings.TrimSuffix(file, ".gz"))),
		etag:    `"` + hex.EncodeToString(sum[:16]) + `"`,
	}
}

// read returns a file's content, unpacked.
func read(files fs.FS, name string) ([]byte, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil || path.Ext(name) != ".gz" {
		return content, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpacked)
}
