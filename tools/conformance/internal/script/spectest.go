package script

import (
	"context"
	"errors"

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

// function returns what makes the host's function for an import, or nil. A side
// tells it which resources are the host's.
func (s *spectest) function(item component.Item) func(side) component.HostFunc {
	name := item.Name
	if item.Interface != "" {
		name = item.Interface + "#" + name
	}
	fn, ok := s.functions()[name]
	if !ok || shape(item.Signature) != fn.shape {
		return nil
	}
	return func(importer side) component.HostFunc {
		return func(_ context.Context, args *component.Decoder, results *component.Encoder) error {
			values := make([]any, len(item.Signature.Params))
			for i, p := range item.Signature.Params {
				values[i] = importer.read(args, p.Type)
			}
			if err := args.Err(); err != nil {
				return err
			}
			out, err := fn.call(values)
			if err == nil && item.Signature.Result != nil {
				importer.write(results, item.Signature.Result, out)
			}
			return err
		}
	}
}

type hostFunction struct {
	shape string
	call  func([]any) (any, error)
}

var errRep = errors.New("the resource is another")

func (s *spectest) functions() map[string]hostFunction {
	constant := func(v any) func([]any) (any, error) {
		return func([]any) (any, error) { return v, nil }
	}
	nothing := func([]any) (any, error) { return nil, nil }
	isRep := func(v []any) (any, error) {
		if v[0] != v[1] {
			return nil, errRep
		}
		return nil, nil
	}
	first := func(v []any) (any, error) { return v[0], nil }
	return map[string]hostFunction{
		"host-echo-u32":                      {"(u32) -> u32", first},
		"host-return-two":                    {"() -> u32", constant(uint64(2))},
		"host#return-three":                  {"() -> u32", constant(uint64(3))},
		"host#return-hi":                     {"() -> string", constant("hi")},
		"host#[constructor]resource1":        {"(u32) -> own<resource1>", first},
		"host#[static]resource1.assert":      {"(own<resource1>, u32)", isRep},
		"host#[static]resource1.last-drop":   {"() -> u32", func([]any) (any, error) { return s.last, nil }},
		"host#[static]resource1.drops":       {"() -> u32", func([]any) (any, error) { return s.drops, nil }},
		"host#[method]resource1.simple":      {"(borrow<resource1>, u32)", isRep},
		"host#[method]resource1.take-borrow": {"(borrow<resource1>, borrow<resource1>)", nothing},
		"host#[method]resource1.take-own":    {"(borrow<resource1>, own<resource1>)", nothing},
	}
}
