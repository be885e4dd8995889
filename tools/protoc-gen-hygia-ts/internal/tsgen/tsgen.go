// Package tsgen writes the TypeScript of proto packages: a type for each message
// and enum as proto3 JSON has them, and a class for each service with routes.
package tsgen

import (
	"errors"
	"slices"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/jsdoc"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/route"
)

// unit is one proto package: one file of TypeScript.
type unit struct {
	name     protoreflect.FullName
	files    []*protogen.File
	messages []*protogen.Message // nested ones behind those that hold them
	enums    []*protogen.Enum
	services []*protogen.Service
}

// Generate writes a file for each proto package that is asked for. It needs all
// packages at once, since how a message is used decides which types it gets. Its
// error is every refusal, joined; nothing is written then.
func Generate(plugin *protogen.Plugin) error {
	plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
	units, err := collect(plugin.Files)
	if err != nil {
		return err
	}
	routes, err := routesOf(units)
	if err != nil {
		return err
	}
	known, err := newScope(units, routes)
	if err != nil {
		return err
	}
	texts := make([][]byte, len(units))
	errs := make([]error, len(units))
	for i, u := range units {
		texts[i], errs[i] = known.write(u)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, u := range units {
		if _, err := plugin.NewGeneratedFile(string(u.name)+".ts", "").Write(texts[i]); err != nil {
			return err
		}
	}
	return nil
}

// collect groups files by package, in the order in which they come.
func collect(files []*protogen.File) ([]*unit, error) {
	var units []*unit
	var errs []error
	byName := map[protoreflect.FullName]*unit{}
	for _, file := range files {
		if !file.Generate {
			continue
		}
		if file.Desc.Syntax() != protoreflect.Proto3 || file.Desc.Package() == "" || len(file.Extensions) > 0 {
			errs = append(errs, refusal.Of(file.Desc, "only proto3 files with a package and without extensions are known"))
			continue
		}
		u := byName[file.Desc.Package()]
		if u == nil {
			u = &unit{name: file.Desc.Package()}
			byName[u.name] = u
			units = append(units, u)
		}
		u.add(file)
	}
	return units, errors.Join(errs...)
}

func (u *unit) add(file *protogen.File) {
	u.files = append(u.files, file)
	u.enums = append(u.enums, file.Enums...)
	u.services = append(u.services, file.Services...)
	u.nest(file.Messages)
}

// nest adds messages and what they hold. A map's entry is no message of its own
// in JSON.
func (u *unit) nest(messages []*protogen.Message) {
	for _, m := range messages {
		if m.Desc.IsMapEntry() {
			continue
		}
		u.messages = append(u.messages, m)
		u.enums = append(u.enums, m.Enums...)
		u.nest(m.Messages)
	}
}

// doc is what the package's files say before their package statement, each thing
// once.
func (u *unit) doc() string {
	var said []string
	for _, file := range u.files {
		at := file.Desc.SourceLocations().ByPath(protoreflect.SourcePath{packageField})
		if text := jsdoc.Clean(at.LeadingComments); !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	return paragraphs(said...)
}

// packageField is the number of FileDescriptorProto.package.
const packageField = 2

// routesOf reads the route of every RPC that has one.
func routesOf(units []*unit) (map[*protogen.Method]*route.Route, error) {
	routes := map[*protogen.Method]*route.Route{}
	var errs []error
	for _, u := range units {
		for _, s := range u.services {
			for _, m := range s.Methods {
				r, err := route.Of(m)
				if err != nil {
					errs = append(errs, err)
				} else if r != nil {
					routes[m] = r
				}
			}
		}
	}
	return routes, errors.Join(errs...)
}
