package tsgen

import (
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/route"
)

// scope is what is known of all packages while one is written.
type scope struct {
	forms  forms
	routes map[*protogen.Method]*route.Route
	// aliases are the packages, by the names under which others import them.
	aliases map[protoreflect.FullName]string
	// required are the fields without which no request is taken.
	required map[*protogen.Field]bool
}

func newScope(units []*unit, routes map[*protogen.Method]*route.Route) (*scope, error) {
	s := &scope{forms: formsOf(units), routes: routes, aliases: map[protoreflect.FullName]string{}}
	for _, u := range units {
		s.aliases[u.name] = alias(u.name)
	}
	var err error
	s.required, err = requiredOf(units, s.forms, routes)
	return s, err
}

// alias makes documentv1 of hygia.document.v1, as Go's packages are called.
func alias(name protoreflect.FullName) string {
	parts := strings.Split(string(name), ".")
	return strings.Join(parts[max(0, len(parts)-2):], "")
}

// reserved tells which names the generated code needs for itself.
func reserved(name string) bool {
	switch name {
	case "AsyncGenerator", "CallOptions", "Omit", "Promise", "Readonly", "Record", "Transport",
		"items", "json", "only", "path", "without":
		return true
	}
	return false
}

// check refuses names that would meet in a package's file.
func (s *scope) check(u *unit) error {
	if as := s.aliases[u.name]; reserved(as) {
		return refusal.Of(u.files[0].Desc, "its package would be imported as %s, as a part of the generated code is", as)
	}
	owners := map[string]protoreflect.FullName{}
	claim := func(d protoreflect.Descriptor, name string) error {
		if reserved(name) {
			return refusal.Of(d, "its type would be named %s, as a part of the generated code is", name)
		}
		if owner, met := owners[name]; met {
			return refusal.Of(d, "its type would be named %s, as that of %s is", name, owner)
		}
		owners[name] = d.FullName()
		return nil
	}
	for _, e := range u.enums {
		if err := claim(e.Desc, e.GoIdent.GoName); err != nil {
			return err
		}
	}
	for _, m := range u.messages {
		for _, as := range s.forms.of(m) {
			if err := claim(m.Desc, s.forms.name(m, as)); err != nil {
				return err
			}
		}
	}
	for _, service := range u.services {
		if err := claim(service.Desc, service.GoName); err != nil {
			return err
		}
	}
	return nil
}
