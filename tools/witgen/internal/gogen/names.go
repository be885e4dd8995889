package gogen

import (
	"strings"

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
// to; client and host are empty where it has no such side. Base is what the names
// of its variables derive from.
type interfaceNames struct{ base, client, host string }

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

// declareType names a type after itself or, where that or what derives from it is
// taken, after its interface too. The guest's side of what a host gives as well
// says so.
func (n *names) declareType(scope *gofile.Scope, t *model.Type) error {
	prefix := ""
	if t.Owner.Guest && t.Owner.Twin != nil {
		prefix = "guest-"
	}
	fields := gofile.NewScope(nil)
	if t.Kind == model.Record {
		for _, f := range t.Fields {
			if err := declareAll(fields, f.Position, f.Name, []string{naming.Exported(f.Name)}); err != nil {
				return err
			}
		}
	}
	for _, kebab := range []string{prefix + t.Name, prefix + t.Owner.Name + "-" + t.Name} {
		name := naming.Exported(kebab)
		if derived := typeNames(t, name); free(scope, derived) {
			n.types[t] = name
			return declareAll(scope, t.Position, t.Name, derived)
		}
	}
	return declareAll(scope, t.Position, t.Name, typeNames(t, naming.Exported(prefix+t.Name)))
}

// typeNames lists the names that a type of the given name needs.
func typeNames(t *model.Type, name string) []string {
	names := []string{name}
	switch t.Kind {
	case model.Alias:
		return names
	case model.Resource:
		return append(names, name+"Resource", "Lift"+name, "Give"+name, "Lend"+name, "Borrow"+name)
	case model.Variant:
		names = append(names, "Lower"+name, name+"Proto")
	}
	names = append(names, name+"Type", "Lift"+name, name+"FromProto")
	if t.Kind != model.Record {
		for _, f := range t.Fields {
			names = append(names, name+caseSuffix(f))
		}
	}
	return names
}

// caseSuffix is what a case or flag adds to its type's name, apart from what the
// type's descriptor and conversion add.
func caseSuffix(f model.Field) string {
	name := naming.Exported(f.Name)
	if name == "Type" || name == "Proto" || name == "FromProto" {
		name += "Case"
	}
	return name
}

// declareInterface names what an interface gives rise to after it or, where that
// is taken, adds API.
func (n *names) declareInterface(scope *gofile.Scope, i *model.Interface) error {
	if !callable(i) {
		return nil
	}
	if err := distinct(i); err != nil {
		return err
	}
	name := naming.Exported(i.Name)
	for _, base := range []string{name, name + "API"} {
		if in, derived := n.interfaceNames(i, base); free(scope, derived) {
			n.interfaces[i] = in
			return declareAll(scope, i.Position, i.Name, derived)
		}
	}
	_, derived := n.interfaceNames(i, name)
	return declareAll(scope, i.Position, i.Name, derived)
}

// callable reports whether an interface has anything that a host calls or gives.
func callable(i *model.Interface) bool {
	for _, t := range i.Types {
		if t.Kind == model.Resource {
			return true
		}
	}
	return len(i.Funcs) > 0
}

// interfaceNames lists the names that an interface of the given base name needs.
func (n *names) interfaceNames(i *model.Interface, base string) (interfaceNames, []string) {
	in := interfaceNames{base: base}
	client, host := i.Exported, i.Imported || !i.Exported
	var derived []string
	if host {
		in.host = base
		derived = append(derived, base, "Add"+base)
	}
	if client {
		in.client = base
		if host || i.Twin != nil {
			in.client += "Client"
		}
		derived = append(derived, in.client, "New"+in.client, base+"Exports")
	}
	for _, f := range i.Funcs {
		if host {
			derived = append(derived, importName(in, f))
		}
		if client {
			derived = append(derived, exportName(in, f))
		}
		if e := failure(f); fallible(f) && (e == nil || !e.Resolve().Named()) {
			n.errors[f] = base + naming.Exported(f.Kebab()) + "Error"
			if i.Guest && i.Twin != nil {
				n.errors[f] = "Guest" + n.errors[f]
			}
			derived = append(derived, n.errors[f])
		}
	}
	return in, derived
}

// distinct refuses functions that would have one Go name.
func distinct(i *model.Interface) error {
	methods := map[*model.Type]*gofile.Scope{}
	for _, f := range i.Funcs {
		var of *model.Type
		name := naming.Exported(f.Kebab())
		if f.Kind == model.Method {
			of, name = f.Resource, methodName(f)
		}
		if methods[of] == nil {
			methods[of] = gofile.NewScope(nil)
		}
		if err := declareAll(methods[of], f.Position, f.Kebab(), []string{name}); err != nil {
			return err
		}
	}
	return nil
}

// methodName names a method of a resource, apart from what every resource has.
func methodName(f *model.Func) string {
	name := naming.Exported(f.Base)
	if name == "Drop" {
		name += "_"
	}
	return name
}

// exportName names the variable that describes a function that components
// export.
func exportName(in interfaceNames, f *model.Func) string {
	return lower(in.base) + naming.Exported(f.Kebab()) + "Export"
}

// importName names the variable that describes a function that components
// import.
func importName(in interfaceNames, f *model.Func) string {
	return lower(in.base) + naming.Exported(f.Kebab()) + "Import"
}

// free reports whether none of the names is taken.
func free(scope *gofile.Scope, names []string) bool {
	for _, name := range names {
		if scope.Taken(name) {
			return false
		}
	}
	return true
}

func declareAll(scope *gofile.Scope, pos model.Position, wit string, names []string) error {
	for _, name := range names {
		if !scope.Declare(name) {
			return model.Errorf(pos, "%s needs the Go name %s, which another declaration has: rename one of them", wit, name)
		}
	}
	return nil
}

// lower makes an exported name an unexported one.
func lower(name string) string {
	for i, c := range name {
		if c < 'A' || c > 'Z' {
			// "HTTPHandler" is httpHandler: the last capital begins a word.
			n := max(1, i-1)
			return strings.ToLower(name[:n]) + name[n:]
		}
	}
	return strings.ToLower(name)
}
