// Package plugins holds the first-party components of the anonymization service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"

	"github.com/hygia-suite/hygia/pkg/plugin"
)

//go:embed br-identifiers/manifest.json br-identifiers/br-identifiers.wasm mask/manifest.json mask/mask.wasm
var files embed.FS

// BRIdentifiers is the detector of Brazilian identifiers.
func BRIdentifiers() fs.FS { return plugin.Files(files, "br-identifiers") }

// Mask is the transformer that replaces spans by policy.
func Mask() fs.FS { return plugin.Files(files, "mask") }
