// Package plugins holds the first-party components of the anonymization service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"
)

//go:embed br-identifiers/manifest.json br-identifiers/br-identifiers.wasm mask/manifest.json mask/mask.wasm
var files embed.FS

// BRIdentifiers is the detector of Brazilian identifiers.
func BRIdentifiers() fs.FS { return sub("br-identifiers") }

// Mask is the transformer that replaces spans by policy.
func Mask() fs.FS { return sub("mask") }

// sub gives a component's folder.
func sub(name string) fs.FS {
	dir, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // only for a malformed name, and all are constants
	}
	return dir
}
