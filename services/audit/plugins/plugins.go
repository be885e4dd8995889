// Package plugins holds the first-party components of the audit service, built
// and with their manifests, as pkg/plugin loads them. `make plugins` builds them
// from the sources beside them.
package plugins

import (
	"embed"
	"io/fs"

	"github.com/hygia-suite/hygia/pkg/plugin"
)

//go:embed fhir-audit-event/manifest.json fhir-audit-event/fhir-audit-event.wasm
var files embed.FS

// FHIRAuditEvent is the formatter that writes records as FHIR R4 AuditEvent.
func FHIRAuditEvent() fs.FS { return plugin.Files(files, "fhir-audit-event") }
