package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
)

// Import is an interface or function that a component imports.
type Import struct {
	Name    string `json:"name"`
	Granted bool   `json:"granted"`
}

// Report is what Check found.
type Report struct {
	Plugin string `json:"plugin"`
	// Problems would make a service refuse the plugin, its calls fail, or its package
	// say what is not so; Warnings would not.
	Problems            []string `json:"problems"`
	Warnings            []string `json:"warnings"`
	Imports             []Import `json:"imports"`
	Exports             []string `json:"exports"`
	Bytes               int      `json:"bytes"`
	CompileMilliseconds int64    `json:"compile_milliseconds"`
	// StartMicroseconds is how long it takes to link the compiled plugin and to make
	// an instance. It is 0 for one with folders, whose start is in its calls.
	StartMicroseconds int64 `json:"start_microseconds,omitempty"`
	// Fixtures is how many of them pass.
	Fixtures int `json:"fixtures"`
	// Limits are those of a call, defaults filled in, and Used what the fixtures used
	// of them at most, by the manifest's keys: of those that can be measured.
	Limits plugin.Limits   `json:"limits"`
	Used   map[string]Used `json:"used"`
}

// Check compares a component with its manifest and with its hooks' contracts,
// starts it, and calls each fixture to tell what calls use of its limits.
func (t *Trial) Check(ctx context.Context, fixtures []fixture.Fixture) (Report, error) {
	m := t.project.Manifest
	r := Report{
		Plugin: m.Ref(), Bytes: t.Bytes, CompileMilliseconds: t.Compile.Milliseconds(),
		Problems: []string{}, Warnings: []string{}, Imports: []Import{}, Exports: []string{},
		Limits: m.Limits.WithDefaults(), Used: map[string]Used{},
	}
	if err := t.checkWorld(&r); err != nil {
		return r, err
	}
	t.checkImports(&r)
	t.checkExports(&r)
	if len(r.Problems) > 0 {
		return r, nil
	}
	if err := t.checkStart(ctx, fixtures, &r); err != nil {
		r.Problems = append(r.Problems, "it does not start: "+err.Error()+hint(err))
		return r, ctx.Err()
	}
	if len(fixtures) == 0 {
		r.Warnings = append(r.Warnings, "there are no fixtures: no call was tried, nor whether the limits are enough for one; put calls into fixtures/NAME.json")
	}
	return r, t.checkFixtures(ctx, fixtures, &r)
}

// checkWorld compares the world of the manifest, which a signed package shows to
// whoever looks for what it was built against, with the one of wit/.
func (t *Trial) checkWorld(r *Report) error {
	target, err := t.project.Target()
	if err != nil {
		return err
	}
	if named := t.project.Manifest.World; named != target {
		r.Problems = append(r.Problems, fmt.Sprintf("the manifest names the world %s, and the component is built against %s, by wit/: write that as world", named, target))
	}
	return nil
}

// checkImports lists what is imported, a line for each interface, and asks for
// what is not granted.
func (t *Trial) checkImports(r *Report) {
	m, imports := t.project.Manifest, t.compiled.Imports()
	var refusals plugin.Refusals
	if errors.As(m.CheckImports(imports), &refusals) {
		for _, refusal := range refusals {
			r.Problems = append(r.Problems, fmt.Sprintf("it imports %s, which the manifest does not grant; to grant it, %s", refusal.Import, refusal.Ask))
		}
	}
	used := map[string]bool{}
	for _, item := range imports {
		if item.Name == "" {
			continue // types alone
		}
		used[item.Interface], used[item.String()] = true, true
		line := Import{item.Interface, m.CheckImports([]component.Item{item}) == nil}
		if !line.Granted {
			line.Name = item.String()
		}
		if !slices.Contains(r.Imports, line) {
			r.Imports = append(r.Imports, line)
		}
	}
	for _, granted := range m.Grants.Interfaces {
		if !used[granted] {
			r.Warnings = append(r.Warnings, fmt.Sprintf("it is granted %s and does not use it: take it out of grants.interfaces", granted))
		}
	}
	r.Warnings = append(r.Warnings, halfGranted(m.Grants)...)
}

// halfGranted notes interfaces that give nothing without what goes with them, and
// the reverse.
func halfGranted(g plugin.Grants) (notes []string) {
	for _, pair := range []struct {
		iface, key, gives string
		named             int
	}{
		{"hygia:host/config", "grants.config", "a key", len(g.Config)},
		{"hygia:host/outbound-http", "grants.hosts", "a host", len(g.Hosts)},
	} {
		granted := slices.ContainsFunc(g.Interfaces, func(name string) bool { return strings.HasPrefix(name, pair.iface+"@") })
		switch {
		case granted && pair.named == 0:
			notes = append(notes, fmt.Sprintf("it is granted %s, which gives nothing without %s: add %s to %s", pair.iface, pair.key, pair.gives, pair.key))
		case !granted && pair.named > 0:
			notes = append(notes, fmt.Sprintf("%s has no effect without %s: add it to grants.interfaces, with its version", pair.key, pair.iface))
		}
	}
	return notes
}

// checkExports compares what the manifest says is there with the component, and
// with the contract of the hook.
func (t *Trial) checkExports(r *Report) {
	for _, iface := range t.project.Manifest.Exports {
		hook, known := contract.Of(iface)
		if !known {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s is no hook of this suite", iface))
		}
		found := false
		for _, e := range t.exports {
			if e.Interface == iface {
				found = true
				r.Exports = append(r.Exports, iface+"#"+e.Name)
			}
		}
		if !found {
			r.Problems = append(r.Problems, fmt.Sprintf("the manifest names the export %s, and the component has no such interface: export it in wit/world.wit, or take it out of exports", iface))
			continue
		}
		for _, want := range hook.Exports {
			if problem := t.compare(want); problem != "" {
				r.Problems = append(r.Problems, problem)
			}
		}
	}
}

// compare holds a function against its contract.
func (t *Trial) compare(want *component.Export) string {
	at := slices.IndexFunc(t.exports, func(e *component.Export) bool { return e.Interface == want.Interface && e.Name == want.Name })
	if at < 0 {
		return fmt.Sprintf("the hook has the function %s, and the component lacks it: build it against wit/deps of this version of hygia", want.Name)
	}
	if got := t.exports[at].Signature; !got.Equal(want.Signature) {
		return fmt.Sprintf("%s has other types than its hook: build it against wit/deps of this version of hygia\n  want %v\n  got  %v", want.Name, want.Signature, got)
	}
	return ""
}
