// Package plugins holds the first-party components of the audit service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"
)

//go:embed fhir-audit-event/manifest.json fhir-audit-event/fhir-audit-event.wasm
var files embed.FS

// FHIRAuditEvent is the formatter that writes records as FHIR R4 AuditEvent.
func FHIRAuditEvent() fs.FS { return sub("fhir-audit-event") }

// sub gives a component's folder.
func sub(name string) fs.FS {
	dir, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // only for a malformed name, and all are constants
	}
	return dir
}
