// Package plugins holds the first-party components of the content service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"

	"github.com/hygia-suite/hygia/pkg/plugin"
)

//go:embed wordpress-import/manifest.json wordpress-import/wordpress-import.wasm
var files embed.FS

// WordPressImport is the importer of WordPress exports. It is granted one folder, "export",
// which it sees at /export, read-only.
func WordPressImport() fs.FS { return plugin.Files(files, "wordpress-import") }
