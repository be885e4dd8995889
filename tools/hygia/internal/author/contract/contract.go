// Package contract is what plugins are written against: the WIT packages, which
// the program carries, and the hooks that a plugin may fill.
package contract

import (
	"embed"
	"fmt"
	"slices"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
)

// A copy of the repository's wit/, which lies outside of this module: `make
// generate` copies, and a test compares.
//
//go:embed wit/*.wit
var packages embed.FS

// Hook is something that a plugin does for a service.
type Hook struct {
	Name string // as --hook names it
	// Does says it in a few words.
	Does string
	// Interface is what a plugin exports, with its version.
	Interface string
	// Exports are the interface's functions with their types.
	Exports []*component.Export
	// Packages are the WIT packages that the interface needs, its own first.
	Packages []string
	// Folder is whether the host gives the plugin a folder of files.
	Folder bool
	// Service is the service that calls it.
	Service string
}

// Hooks lists them, in the order in which help shows them.
func Hooks() []Hook {
	return []Hook{
		{
			Name: "detector", Does: "finds personal data in text", Interface: "hygia:anonymization/detector@0.1.0",
			Exports: anonymization.DetectorExports, Packages: []string{"anonymization"}, Service: "anonymization",
		},
		{
			Name: "validator", Does: "checks a document against rules", Interface: "hygia:validation/validator@0.1.0",
			Exports: validation.ValidatorExports, Packages: []string{"validation", "document"}, Service: "validation",
		},
		{
			Name: "transformer", Does: "takes personal data out of text", Interface: "hygia:anonymization/transformer@0.1.0",
			Exports: anonymization.TransformerExports, Packages: []string{"anonymization"}, Service: "anonymization",
		},
		{
			Name: "block-renderer", Does: "shows a block of an article as HTML", Interface: "hygia:content/block-renderer@0.1.0",
			Exports: content.BlockRendererExports, Packages: []string{"content", "document"}, Service: "content",
		},
		{
			Name: "importer", Does: "reads another system's export", Interface: "hygia:content/importer@0.1.0",
			Exports: content.ImporterExports, Packages: []string{"content", "document"}, Service: "content", Folder: true,
		},
		{
			Name: "audit-formatter", Does: "writes audit records in another form", Interface: "hygia:audit/formatter@0.1.0",
			Exports: audit.FormatterExports, Packages: []string{"audit"}, Service: "audit",
		},
	}
}

// Find returns the hook of a name, and false where there is none.
func Find(name string) (Hook, bool) {
	hooks := Hooks()
	at := slices.IndexFunc(hooks, func(h Hook) bool { return h.Name == name })
	if at < 0 {
		return Hook{}, false
	}
	return hooks[at], true
}

// Of returns the hook that an interface belongs to, and false for an interface
// that is no hook's.
func Of(iface string) (Hook, bool) {
	hooks := Hooks()
	at := slices.IndexFunc(hooks, func(h Hook) bool { return h.Interface == iface })
	if at < 0 {
		return Hook{}, false
	}
	return hooks[at], true
}

// Names lists the hooks' names.
func Names() []string {
	var names []string
	for _, h := range Hooks() {
		names = append(names, h.Name)
	}
	return names
}

// Package returns the text of a WIT package, such as "validation". A package
// that is not carried is a defect of the caller's.
func Package(name string) ([]byte, error) {
	text, err := packages.ReadFile("wit/" + name + ".wit")
	if err != nil {
		return nil, fmt.Errorf("contract: there is no WIT package %q", name)
	}
	return text, nil
}
