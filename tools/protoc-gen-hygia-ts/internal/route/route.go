// Package route reads the REST route of an RPC from its google.api.http option.
package route

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
)

// Route is where an RPC is reached, and how its request is spread over it.
type Route struct {
	// Verb is the HTTP method, such as "GET".
	Verb string
	// Pattern is the path as annotated, such as "/v1/entries/{id}".
	Pattern string
	// Path holds the segments of the pattern, in order.
	Path []Segment
	// Query holds the fields that go into the query string; none where Body is set.
	Query []*protogen.Field
	// Body says that every field that is not in the path goes into a JSON body.
	Body bool
}

// Segment is a piece of a path: a literal or, where Field is set, a variable.
type Segment struct {
	Literal string
	Field   *protogen.Field
}

// Bound lists the fields that the path holds.
func (r *Route) Bound() []*protogen.Field {
	var fields []*protogen.Field
	for _, s := range r.Path {
		if s.Field != nil {
			fields = append(fields, s.Field)
		}
	}
	return fields
}

// plain is what a path may look like: no wildcards, no dotted fields, no verbs.
var plain = regexp.MustCompile(`^(/(\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z0-9_-]+))+$`)

// Of returns the route of an RPC, nil where it has none. What the client could
// not say is refused: more than one binding, a body or a response that is one
// field alone, custom verbs, streams, and paths beyond literals and {field}.
func Of(method *protogen.Method) (*Route, error) {
	rule, _ := proto.GetExtension(method.Desc.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil, nil
	}
	r := &Route{Body: rule.GetBody() == "*"}
	r.Verb, r.Pattern = target(rule)
	switch {
	case r.Verb == "":
		return nil, refusal.Of(method.Desc, "the route has no verb, or a custom one: get, put, post, delete and patch are known")
	case rule.GetBody() != "" && !r.Body:
		return nil, refusal.Of(method.Desc, "body %q: only \"*\" is known", rule.GetBody())
	case rule.GetResponseBody() != "":
		return nil, refusal.Of(method.Desc, "response_body is not known")
	case len(rule.GetAdditionalBindings()) > 0:
		return nil, refusal.Of(method.Desc, "additional_bindings are not known")
	case method.Desc.IsStreamingClient() || method.Desc.IsStreamingServer():
		return nil, refusal.Of(method.Desc, "a stream cannot have a route")
	case !plain.MatchString(r.Pattern):
		return nil, refusal.Of(method.Desc, "path %q: only literals and {field} are known", r.Pattern)
	}
	if err := r.bind(method); err != nil {
		return nil, err
	}
	return r, r.spread(method)
}

func target(rule *annotations.HttpRule) (verb, pattern string) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, p.Get
	case *annotations.HttpRule_Put:
		return http.MethodPut, p.Put
	case *annotations.HttpRule_Post:
		return http.MethodPost, p.Post
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, p.Delete
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, p.Patch
	}
	return "", ""
}

// bind splits the pattern and finds the field of each variable.
func (r *Route) bind(method *protogen.Method) error {
	for _, piece := range strings.Split(r.Pattern[1:], "/") {
		name, variable := strings.CutPrefix(piece, "{")
		if !variable {
			r.Path = append(r.Path, Segment{Literal: piece})
			continue
		}
		name = strings.TrimSuffix(name, "}")
		at := slices.IndexFunc(method.Input.Fields, func(f *protogen.Field) bool { return string(f.Desc.Name()) == name })
		if at < 0 {
			return refusal.Of(method.Desc, "path %q: %s has no field %s", r.Pattern, method.Input.Desc.FullName(), name)
		}
		field := method.Input.Fields[at]
		if !fitsPath(field) || slices.Contains(r.Bound(), field) {
			return refusal.Of(method.Desc, "path %q: %s must be one scalar or enum that is always set, bound once, and no bytes",
				r.Pattern, field.Desc.FullName())
		}
		r.Path = append(r.Path, Segment{Field: field})
	}
	return nil
}

func fitsPath(f *protogen.Field) bool {
	return f.Message == nil && !f.Desc.IsList() && f.Oneof == nil && f.Desc.Kind() != protoreflect.BytesKind
}

// spread collects the fields of the query string.
func (r *Route) spread(method *protogen.Method) error {
	if r.Body {
		return nil
	}
	bound := r.Bound()
	for _, field := range method.Input.Fields {
		if slices.Contains(bound, field) {
			continue
		}
		if m := field.Message; m != nil && m.Desc.FullName() != "google.protobuf.Timestamp" {
			return refusal.Of(field.Desc, "a query string holds scalars, enums and timestamps, not %s", m.Desc.FullName())
		}
		r.Query = append(r.Query, field)
	}
	return nil
}
