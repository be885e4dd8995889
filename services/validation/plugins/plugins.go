// Package plugins holds the first-party components of the validation service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"
)

//go:embed medical-basics/manifest.json medical-basics/medical-basics.wasm
var files embed.FS

// MedicalBasics is the validator of the rules CRED-1, ADV-1, GOV-4 and PII-1.
func MedicalBasics() fs.FS { return sub("medical-basics") }

// sub gives a component's folder.
func sub(name string) fs.FS {
	dir, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // only for a malformed name, and all are constants
	}
	return dir
}
