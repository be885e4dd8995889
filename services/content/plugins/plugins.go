// Package plugins holds the first-party components of the content service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"
)

//go:embed wordpress-import/manifest.json wordpress-import/wordpress-import.wasm
var files embed.FS

// WordPressImport is the importer of WordPress exports. It is granted one folder, "export",
// which it sees at /export, read-only.
func WordPressImport() fs.FS { return sub("wordpress-import") }

// sub gives a component's folder.
func sub(name string) fs.FS {
	dir, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // only for a malformed name, and all are constants
	}
	return dir
}
