package protogen

import (
	"path"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
)

const (
	protoFile = "wit.proto"
	lockFile  = "wit.lock"
)

// plain is the name of the interface whose types keep their names.
const plain = "types"

// Name gives the name of the message or enum that mirrors a declared type: the
// type's own in the interface "types", and with the interface's before it in any
// other. So it depends on nothing else that a package declares, or comes to.
func Name(t *model.Type) string { return naming.Message(kebab(t)) }

func kebab(t *model.Type) string {
	if t.Owner.Name == plain {
		return t.Name
	}
	return t.Owner.Name + "-" + t.Name
}

// valueName gives the name of an enum's value. Those of all enums of a file share a
// scope.
func valueName(enum *model.Type, value string) string {
	return naming.Screaming(kebab(enum) + "-" + value)
}

// folders are where packages are mirrored, below the root of the proto files, which
// are their proto packages too.
type folders map[*model.Package]string

// newFolders names each folder after its package and, where there are several
// versions of that, with its version, as Go packages are named.
func newFolders(packages []*model.Package) (folders, error) {
	versions := map[string]int{}
	for _, p := range packages {
		versions[p.Namespace+":"+p.Name]++
	}
	f, taken := folders{}, map[string]bool{}
	for _, p := range packages {
		name := p.Name
		if p.Version != "" && versions[p.Namespace+":"+p.Name] > 1 {
			name += "-v" + strings.NewReplacer(".", "-", "+", "-").Replace(p.Version)
		}
		folder := path.Join(naming.Snake(p.Namespace), naming.Snake(name), "v1")
		if taken[folder] {
			return nil, model.Errorf(start(p), "package %s would be mirrored in %s, as another one: rename it", p.ID(), folder)
		}
		f[p], taken[folder] = folder, true
	}
	return f, nil
}

// protoPackage gives the proto package of a folder, such as "hygia.content.v1".
func protoPackage(folder string) string { return strings.ReplaceAll(folder, "/", ".") }

// start is where a package begins.
func start(p *model.Package) model.Position {
	return model.Position{File: p.Source, Line: 1, Column: 1}
}
