package gogen

import (
	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
)

// names holds the Go names of everything that a package declares, decided
// before a line is written, so that a declaration and its uses agree.
type names struct {
	types      map[*model.Type]string
	interfaces map[*model.Interface]interfaceNames
	errors     map[*model.Func]string
}

// interfaceNames are the Go names that an interface with functions gives rise
// to; client and host are empty where it has no such side.
type interfaceNames struct{ client, host string }

// errorTypes finds the named types that some function gives as its error, which
// therefore implement Go's error.
func errorTypes(packages []*model.Package) map[*model.Type]bool {
	found := map[*model.Type]bool{}
	for _, pkg := range packages {
		for _, i := range pkg.Interfaces {
			for _, f := range i.Funcs {
				if e := failure(f); e != nil && e.Resolve().Named() {
					found[e.Resolve()] = true
				}
			}
		}
	}
	return found
}

// failure gives the type of a function's error; nil where it has none or one
// that says nothing.
func failure(f *model.Func) *model.Type {
	if f.Result == nil || f.Result.Resolve().Kind != model.Result {
		return nil
	}
	return f.Result.Resolve().Err
}

// fallible reports whether a function gives a result.
func fallible(f *model.Func) bool {
	return f.Result != nil && f.Result.Resolve().Kind == model.Result
}

// newNames decides on the names of one package.
func newNames(pkg *model.Package) (*names, error) {
	n := &names{
		types:      map[*model.Type]string{},
		interfaces: map[*model.Interface]interfaceNames{},
		errors:     map[*model.Func]string{},
	}
	scope := gofile.NewScope(nil)
	for _, i := range pkg.Interfaces {
		for _, t := range i.Types {
			if err := n.declareType(scope, t); err != nil {
				return nil, err
			}
		}
	}
	for _, i := range pkg.Interfaces {
		if err := n.declareInterface(scope, i); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// declareType names a type after itself or, where an earlier interface has a
// type of that name, after its interface too.
func (n *names) declareType(scope *gofile.Scope, t *model.Type) error {
	name := naming.Exported(t.Name)
	if scope.Taken(name) {
		name = naming.Exported(t.Owner.Name + "-" + t.Name)
	}
	n.types[t] = name
	derived := []string{name, name + "Type", "Lift" + name, name + "FromProto"}
	switch t.Kind {
	case model.Alias:
		derived = derived[:1]
	case model.Variant:
		derived = append(derived, "Lower"+name, name+"Proto")
	}
	if t.Kind == model.Variant || t.Kind == model.Enum || t.Kind == model.Flags {
		for _, f := range t.Fields {
			derived = append(derived, name+naming.Exported(f.Name))
		}
	}
	if t.Kind == model.Record {
		fields := gofile.NewScope(nil)
		for _, f := range t.Fields {
			if err := declareAll(fields, f.Position, f.Name, []string{naming.Exported(f.Name)}); err != nil {
				return err
			}
		}
	}
	return declareAll(scope, t.Position, t.Name, derived)
}

func (n *names) declareInterface(scope *gofile.Scope, i *model.Interface) error {
	if len(i.Funcs) == 0 {
		return nil
	}
	name := naming.Exported(i.Name)
	in := interfaceNames{}
	client, host := i.Exported, i.Imported || !i.Exported
	var derived []string
	if host {
		in.host = name
		derived = append(derived, name, "Add"+name)
	}
	if client {
		in.client = name
		if host {
			in.client += "Client"
		}
		derived = append(derived, in.client, "New"+in.client, name+"Exports")
	}
	n.interfaces[i] = in
	methods := gofile.NewScope(nil)
	for _, f := range i.Funcs {
		if err := declareAll(methods, f.Position, f.Name, []string{naming.Exported(f.Name)}); err != nil {
			return err
		}
		if host {
			derived = append(derived, importName(i, f))
		}
		if client {
			derived = append(derived, exportName(i, f))
		}
		if e := failure(f); fallible(f) && (e == nil || !e.Resolve().Named()) {
			n.errors[f] = name + naming.Exported(f.Name) + "Error"
			derived = append(derived, n.errors[f])
		}
	}
	return declareAll(scope, i.Position, i.Name, derived)
}

// exportName names the variable that describes a function that components
// export.
func exportName(i *model.Interface, f *model.Func) string {
	return naming.Unexported(i.Name+"-"+f.Name) + "Export"
}

// importName names the variable that describes a function that components
// import.
func importName(i *model.Interface, f *model.Func) string {
	return naming.Unexported(i.Name+"-"+f.Name) + "Import"
}

func declareAll(scope *gofile.Scope, pos model.Position, wit string, names []string) error {
	for _, name := range names {
		if !scope.Declare(name) {
			return model.Errorf(pos, "%s needs the Go name %s, which another declaration has: rename one of them", wit, name)
		}
	}
	return nil
}
