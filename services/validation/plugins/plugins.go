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
var files embed.FS

// MedicalBasics is the validator of the rules CRED-1, ADV-1, GOV-4 and PII-1.
func MedicalBasics() fs.FS { return plugin.Files(files, "medical-basics") }
