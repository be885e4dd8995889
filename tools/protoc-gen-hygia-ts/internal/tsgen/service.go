package tsgen

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/jsdoc"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/route"
)

// service writes the class of a service; none where no RPC has a route.
func (f *file) service(s *protogen.Service) error {
	var routed []*protogen.Method
	for _, m := range s.Methods {
		if f.routes[m] != nil {
			routed = append(routed, m)
		}
	}
	if len(routed) == 0 {
		return nil
	}
	transport := f.helper(transportModule, "Transport")
	f.line("")
	f.comment("", jsdoc.Text(s.Comments), s.Desc.Options().(*descriptorpb.ServiceOptions))
	f.line("export class %s {", s.GoName)
	f.line("  readonly #transport: %s;", transport)
	f.line("")
	f.line("  constructor(transport: %s) {", transport)
	f.line("    this.#transport = transport;")
	f.line("  }")
	names := map[string]bool{"constructor": true}
	var errs []error
	for _, m := range routed {
		errs = append(errs, f.method(m, f.routes[m], names))
	}
	f.line("}")
	return errors.Join(errs...)
}

// method writes an RPC and, where it pages, the iterator over its pages.
func (f *file) method(m *protogen.Method, r *route.Route, names map[string]bool) error {
	request, err := f.refer(m.Desc, m.Input.Desc, f.forms.name(m.Input, sent))
	if err != nil {
		return err
	}
	response, err := f.refer(m.Desc, m.Output.Desc, f.forms.name(m.Output, received))
	if err != nil {
		return err
	}
	name := lowerFirst(m.GoName)
	if names[name] {
		return refusal.Of(m.Desc, "its method would be named %s, which is another's name", name)
	}
	names[name] = true
	parameters := f.parameters(m, request, "request")
	if len(m.Input.Fields) == 0 && !r.Body {
		parameters = "_" + parameters // kept for the day when there is a field
	}
	f.line("")
	f.comment("  ", methodText(m, r), m.Desc.Options().(*descriptorpb.MethodOptions))
	f.line("  async %s(%s): Promise<%s> {", name, parameters, response)
	rest := f.payload(r)
	f.line("    return this.#transport.call({ method: %q, path: %s%s }, options);", r.Verb, f.path(r), rest)
	f.line("  }")
	return f.pages(m, name, request, names)
}

// parameters declares the request, optional where nothing in it must be set, and
// the options.
func (f *file) parameters(m *protogen.Method, requestType, name string) string {
	initial := " = {}"
	for _, field := range m.Input.Fields {
		if !f.optional(field, sent) {
			initial = ""
		}
	}
	return fmt.Sprintf("%s: %s%s, options?: %s", name, requestType, initial, f.helper(transportModule, "CallOptions"))
}

// path writes the path as a template that encodes what is put into it.
func (f *file) path(r *route.Route) string {
	var b strings.Builder
	b.WriteString(f.helper(requestModule, "path") + "`")
	for _, s := range r.Path {
		if s.Field == nil {
			b.WriteString("/" + s.Literal)
		} else {
			b.WriteString("/${request." + s.Field.Desc.JSONName() + "}")
		}
	}
	return b.String() + "`"
}

// payload declares what goes beside the path, and gives the member that hands it
// over.
func (f *file) payload(r *route.Route) string {
	switch {
	case r.Body && len(r.Bound()) == 0:
		return ", body: request"
	case r.Body:
		f.line("    const body = %s(request, %s);", f.helper(requestModule, "without"), quoted(r.Bound()))
		return ", body"
	case len(r.Query) > 0:
		f.line("    const query = %s(request, %s);", f.helper(requestModule, "only"), quoted(r.Query))
		return ", query"
	}
	return ""
}

// methodText is an RPC's comment and its route.
func methodText(m *protogen.Method, r *route.Route) string {
	return paragraphs(jsdoc.Text(m.Comments), fmt.Sprintf("`%s %s`", r.Verb, r.Pattern))
}

// quoted lists the JSON names of fields.
func quoted(fields []*protogen.Field) string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = fmt.Sprintf("%q", field.Desc.JSONName())
	}
	return strings.Join(names, ", ")
}

func lowerFirst(name string) string {
	return string(unicode.ToLower(rune(name[0]))) + name[1:]
}
