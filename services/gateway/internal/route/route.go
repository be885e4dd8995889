// Package route reads from the proto files which REST routes there are, and
// what each takes: what grpc-gateway's generated code serves, known beforehand.
package route

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Route is one method under one path.
type Route struct {
	Method string // of HTTP
	// Path is the path's pattern, such as "/v1/entries/{id}".
	Path string
	// FullMethod is the RPC's name, such as "/hygia.content.v1.ContentService/GetEntry".
	FullMethod string
	// Input is the RPC's request.
	Input protoreflect.MessageDescriptor
	// Params are the request's fields that the path holds.
	Params []string
	// Body tells whether the rest of the request comes as a JSON body; without
	// one it comes as a query string.
	Body bool
}

// Pattern is the route as http.ServeMux takes it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

var param = regexp.MustCompile(`\{([^}]*)\}`)

// plain is what a path may look like: grpc-gateway knows more forms, which
// http.ServeMux does not.
var plain = regexp.MustCompile(`^(/(\{[a-z_]+\}|[a-z0-9-]+))+$`)

// Of returns the routes of services, in the order of the proto files. Methods
// without a REST route are left out. A form of route that no part of the gateway
// knows is an error.
func Of(services ...protoreflect.ServiceDescriptor) ([]Route, error) {
	var routes []Route
	for _, service := range services {
		for i := range service.Methods().Len() {
			method := service.Methods().Get(i)
			options, ok := method.Options().(*descriptorpb.MethodOptions)
			if !ok || !proto.HasExtension(options, annotations.E_Http) {
				continue
			}
			rule, _ := proto.GetExtension(options, annotations.E_Http).(*annotations.HttpRule)
			route, err := of(method, rule)
			if err != nil {
				return nil, fmt.Errorf("route: %s: %w", method.FullName(), err)
			}
			routes = append(routes, route)
		}
	}
	return routes, nil
}

func of(method protoreflect.MethodDescriptor, rule *annotations.HttpRule) (Route, error) {
	r := Route{
		FullMethod: fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name()),
		Input:      method.Input(),
		Body:       rule.GetBody() == "*",
	}
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		r.Method, r.Path = http.MethodGet, pattern.Get
	case *annotations.HttpRule_Post:
		r.Method, r.Path = http.MethodPost, pattern.Post
	case *annotations.HttpRule_Put:
		r.Method, r.Path = http.MethodPut, pattern.Put
	case *annotations.HttpRule_Delete:
		r.Method, r.Path = http.MethodDelete, pattern.Delete
	case *annotations.HttpRule_Patch:
		r.Method, r.Path = http.MethodPatch, pattern.Patch
	default:
		return Route{}, fmt.Errorf("rule %v: only get, post, put, patch and delete are known", rule)
	}
	switch {
	case !plain.MatchString(r.Path):
		return Route{}, fmt.Errorf("path %q: only literals and {field} are known", r.Path)
	case rule.GetBody() != "" && !r.Body:
		return Route{}, fmt.Errorf("body %q: only * is known", rule.GetBody())
	case len(rule.GetAdditionalBindings()) > 0 || rule.GetResponseBody() != "":
		return Route{}, fmt.Errorf("additional bindings and response bodies are not known")
	case method.IsStreamingClient() || method.IsStreamingServer():
		return Route{}, fmt.Errorf("streams are not known")
	}
	for _, match := range param.FindAllStringSubmatch(r.Path, -1) {
		field := r.Input.Fields().ByTextName(match[1])
		if field == nil || field.IsList() || field.Message() != nil || slices.Contains(r.Params, match[1]) {
			return Route{}, fmt.Errorf("path %q: {%s} is no single field of %s", r.Path, match[1], r.Input.FullName())
		}
		r.Params = append(r.Params, match[1])
	}
	return r, nil
}
