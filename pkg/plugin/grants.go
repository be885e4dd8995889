package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// GrantError says that a component imports what its manifest does not name.
type GrantError struct {
	Plugin string // "name@version"
	Import string // the function, as in "hygia:host/log@0.1.0#write"
	Ask    string // how the manifest would ask for it
}

func (e *GrantError) Error() string {
	return fmt.Sprintf("plugin: %s imports %s, which its manifest does not grant; to grant it, %s", e.Plugin, e.Import, e.Ask)
}

// Refusals are all that a component imports and its manifest does not name: of
// imports that would be asked for in the same way, the first. Each is found by
// errors.As.
type Refusals []*GrantError

// Error returns a line for each.
func (r Refusals) Error() string {
	lines := make([]string, len(r))
	for i, e := range r {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns each.
func (r Refusals) Unwrap() []error {
	errs := make([]error, len(r))
	for i, e := range r {
		errs[i] = e
	}
	return errs
}

// CheckImports compares what a component imports with what the manifest grants,
// and fails with Refusals. An interface of types alone reaches nothing, and needs
// no grant.
func (m Manifest) CheckImports(imports []component.Item) error {
	var refusals Refusals
	for _, item := range imports {
		ask := m.Grants.missing(item)
		same := func(e *GrantError) bool { return e.Ask == ask }
		if ask != "" && !slices.ContainsFunc(refusals, same) {
			refusals = append(refusals, &GrantError{m.Ref(), item.String(), ask})
		}
	}
	if len(refusals) == 0 {
		return nil
	}
	return refusals
}

// missing says how a manifest would ask for an import that it does not grant; it
// returns "" for one that it does.
func (g Grants) missing(item component.Item) string {
	switch {
	case item.Name == "":
	case item.Interface == "":
		return "import it from an interface: a function of the world itself cannot be granted"
	case strings.HasPrefix(item.Interface, "wasi:"):
		if !wasi.Serves(item.Interface) {
			return "build it without that interface, which no manifest can grant"
		}
		if g.WASI == nil && len(g.Folders) == 0 {
			return `add "wasi": {} to grants, which by itself reaches nothing, or name a folder under grants.folders`
		}
	case !slices.Contains(g.Interfaces, item.Interface) && !slices.Contains(g.Interfaces, item.String()):
		return fmt.Sprintf("add %q, or %q for this function alone, to grants.interfaces", item.Interface, item)
	}
	return ""
}

// Effects reports whether a call of the component may do something that lasts
// beyond it, so that the same call made twice is not the same call.
func (m Manifest) Effects() bool { return m.Grants.grantsAnyOf(outboundInterface) }

// grantsAnyOf reports whether any function of an interface is granted.
func (g Grants) grantsAnyOf(iface string) bool {
	return slices.ContainsFunc(g.Interfaces, func(granted string) bool {
		name, _, _ := strings.Cut(granted, "#")
		return name == iface
	})
}
