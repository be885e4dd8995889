package gogen

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// packageNames decides on the Go names of packages, which are those of their
// folders too: a package's own name or, where another one has it, with its
// namespace before it, or with its version after it.
func packageNames(packages []*model.Package) (map[*model.Package]string, error) {
	names := map[*model.Package]string{}
	// The go command gives these a meaning of their own.
	taken := gofile.NewScope(newReserved(), "internal", "main", "testdata", "vendor")
	count := map[string]int{}
	for _, p := range packages {
		count[p.Namespace+":"+p.Name]++
	}
	for _, p := range packages {
		base := plain(p.Name)
		candidates := []string{base, plain(p.Namespace) + base}
		if p.Version != "" && count[p.Namespace+":"+p.Name] > 1 {
			version := "v" + strings.NewReplacer(".", "_", "-", "_", "+", "_").Replace(p.Version)
			candidates = []string{base + version, plain(p.Namespace) + base + version}
		}
		for _, name := range candidates {
			if taken.Declare(name) {
				names[p] = name
				break
			}
		}
		if names[p] == "" {
			return nil, model.Errorf(model.Position{File: p.Source, Line: 1, Column: 1},
				"package %s would be the Go package %s, as another one: rename it", p.ID(), candidates[len(candidates)-1])
		}
	}
	return names, nil
}

// plain takes out of a name what no Go package's name has.
func plain(kebab string) string { return strings.ToLower(strings.ReplaceAll(kebab, "-", "")) }

// packageName gives the Go name of a package, and of its folder.
func (p *Program) packageName(pkg *model.Package) string { return p.packageOf[pkg] }
