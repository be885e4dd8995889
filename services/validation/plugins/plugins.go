// Package plugins holds the first-party components of the validation service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"

	"github.com/hygia-suite/hygia/pkg/plugin"
)

//go:embed medical-basics/manifest.json medical-basics/medical-basics.wasm
//go:embed document-numbers/manifest.json document-numbers/document-numbers.wasm
var files embed.FS

// MedicalBasics is the validator of the rules CRED-1, ADV-1, GOV-4 and PII-1.
func MedicalBasics() fs.FS { return plugin.Files(files, "medical-basics") }

// DocumentNumbers is the validator of the rule PII-2: a component of two halves,
// one that reads documents, in Rust, and one that knows check digits, in C.
func DocumentNumbers() fs.FS { return plugin.Files(files, "document-numbers") }
