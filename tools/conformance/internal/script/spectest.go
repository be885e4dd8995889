package script

import (
	"context"
	"errors"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component"
)

// spectest is the host that wasmtime's suite runs against: a few functions and
// two resource types that count what is dropped.
type spectest struct{ drops, last uint64 }

const spectestHost = "host"

func (s *spectest) has(r *component.Resource) bool {
	return r.Interface == spectestHost && (r.Name == "resource1" || r.Name == "resource2")
}

func (s *spectest) resources() []*component.Resource {
	return []*component.Resource{{Interface: spectestHost, Name: "resource1"}, {Interface: spectestHost, Name: "resource2"}}
}

func (s *spectest) drop(_ context.Context, v any) error {
	s.drops++
	if rep, ok := v.(uint64); ok {
		s.last = rep
	}
	return nil
}

// function returns the host's function for an import, or nil.
func (s *spectest) function(item component.Item) function {
	fn, ok := s.functions()[strings.TrimPrefix(item.Interface+"#"+item.Name, "#")]
	if !ok || shape(item.Signature) != fn.shape {
		return nil
	}
	return fn.call
}

type spectestFunction struct {
	shape string
	call  function
}

var errRep = errors.New("the resource is another")

func (s *spectest) functions() map[string]spectestFunction {
	constant := func(v any) function {
		return func(context.Context, []any) (any, error) { return v, nil }
	}
	nothing := func(context.Context, []any) (any, error) { return nil, nil }
	isRep := func(_ context.Context, v []any) (any, error) {
		if v[0] != v[1] {
			return nil, errRep
		}
		return nil, nil
	}
	first := func(_ context.Context, v []any) (any, error) { return v[0], nil }
	return map[string]spectestFunction{
		"host-echo-u32":                      {"(u32) -> u32", first},
		"host-return-two":                    {"() -> u32", constant(uint64(2))},
		"host#return-three":                  {"() -> u32", constant(uint64(3))},
		"host#return-hi":                     {"() -> string", constant("hi")},
		"host#[constructor]resource1":        {"(u32) -> own<resource1>", first},
		"host#[static]resource1.assert":      {"(own<resource1>, u32)", isRep},
		"host#[static]resource1.last-drop":   {"() -> u32", func(context.Context, []any) (any, error) { return s.last, nil }},
		"host#[static]resource1.drops":       {"() -> u32", func(context.Context, []any) (any, error) { return s.drops, nil }},
		"host#[method]resource1.simple":      {"(borrow<resource1>, u32)", isRep},
		"host#[method]resource1.take-borrow": {"(borrow<resource1>, borrow<resource1>)", nothing},
		"host#[method]resource1.take-own":    {"(borrow<resource1>, own<resource1>)", nothing},
	}
}
