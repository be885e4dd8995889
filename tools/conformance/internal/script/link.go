package script

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/internal/wast"
	"github.com/hygia-suite/hygia/tools/internal/witvalue"
)

// What a guest of a suite may use.
const (
	deadline = 20 * time.Second
	// MemoryBytes is what an engine must let a memory grow to.
	MemoryBytes = 4 << 30
)

// instantiate makes an instance of a component, the last one from now on and known
// by its name where it has one.
func (r *runner) instantiate(ctx context.Context, def *definition, name string) error {
	i := r.make(ctx, def)
	r.instances[""] = i
	if name != "" {
		r.instances[name] = i
		r.registered[strings.TrimPrefix(name, "$")] = i
	}
	return i.missing
}

// make makes an instance of a component, or one that says why there is none.
func (r *runner) make(ctx context.Context, def *definition) *instance {
	i := &instance{exports: map[string]*component.Export{}, side: witvalue.Resources{}, async: def.async, missing: def.missing}
	r.made = i
	if i.missing != nil {
		return i
	}
	if i.async == "" {
		i.async = r.importsAsync(def.component)
	}
	i.missing = r.link(ctx, def, i)
	return i
}

// link links a component with what the script has made before.
func (r *runner) link(ctx context.Context, def *definition, i *instance) error {
	host := component.NewHost()
	r.lend(host, i)
	for _, item := range def.component.Imports() {
		r.give(host, i, item)
	}
	var exports []*component.Export
	for _, item := range def.component.Exports() {
		if item.Name == "" || !crosses(item.Signature) {
			continue
		}
		x := &component.Export{Interface: item.Interface, Name: item.Name, Signature: item.Signature}
		key := strings.TrimPrefix(item.Interface+"#"+item.Name, "#")
		i.exports[key] = x
		exports = append(exports, x)
	}
	program, err := r.engine.Link(def.component, component.LinkOptions{
		Host: host, Exports: exports, Limits: component.Limits{Deadline: deadline, MemoryBytes: MemoryBytes},
	})
	if err != nil {
		return err
	}
	r.closers = append(r.closers, program.Close)
	if i.instance, err = program.Instance(ctx); err != nil {
		return err
	}
	r.closers = append(r.closers, i.instance.Close)
	return nil
}

// lend gives the resource types that components may import: those of the suite's
// own host, and those of the instances that the script has made.
func (r *runner) lend(host *component.Host, i *instance) {
	given := r.spectest.resources()
	for name, from := range r.registered {
		for _, x := range from.exports {
			for _, res := range resources(x.Signature) {
				if from.side[*res] == nil {
					given = append(given, &component.Resource{Interface: name, Name: res.Name})
				}
			}
		}
	}
	for _, res := range given {
		if i.side[*res] == nil {
			i.side[*res] = res
			host.Resource(res, r.drop(res))
		}
	}
}

// crosses reports whether a function's values can be given and taken at all.
func crosses(s component.Signature) bool {
	for t := range types(s) {
		if t.Kind() == component.KindUnsupported {
			return false
		}
	}
	return true
}

// types goes through every type of a signature, those inside of others too.
func types(s component.Signature) iter.Seq[*component.Type] {
	return func(yield func(*component.Type) bool) {
		queue := []*component.Type{s.Result}
		for _, p := range s.Params {
			queue = append(queue, p.Type)
		}
		for len(queue) > 0 {
			t := queue[0]
			queue = queue[1:]
			if t == nil {
				continue
			}
			if !yield(t) {
				return
			}
			queue = append(queue, t.Elems()...)
		}
	}
}

// give puts what an import asks for into the host, if it is there: a function of
// the suite's own host, or one of an instance that the script has made.
func (r *runner) give(host *component.Host, i *instance, item component.Item) {
	if item.Name == "" {
		return
	}
	imp := &component.Import{Interface: item.Interface, Name: item.Name, Signature: item.Signature}
	if fn := r.spectest.function(item); fn != nil {
		host.Func(imp, hostFunction(i.side, item.Signature, fn))
		return
	}
	from := r.registered[item.Interface]
	if from == nil {
		return
	}
	x, ok := from.exports[item.Name]
	if !ok || shape(x.Signature) != shape(item.Signature) {
		return
	}
	host.Func(imp, hostFunction(i.side, item.Signature, func(ctx context.Context, values []any) (any, error) {
		return from.call(ctx, x, values)
	}))
}

// drop ends a handle that belongs to another instance.
func (r *runner) drop(res *component.Resource) func(context.Context, any) error {
	if r.spectest.has(res) {
		return r.spectest.drop
	}
	return func(ctx context.Context, v any) error {
		if h, ok := v.(*component.Handle); ok {
			return h.Drop(ctx)
		}
		return nil
	}
}

// shape is a signature without its parameters' names and without whose its
// resources are.
func shape(s component.Signature) string {
	params := make([]string, len(s.Params))
	for i, p := range s.Params {
		params[i] = p.Type.String()
	}
	text := "(" + strings.Join(params, ", ") + ")"
	if s.Result != nil {
		text += " -> " + s.Result.String()
	}
	for _, res := range resources(s) {
		text = strings.ReplaceAll(text, "<"+res.String()+">", "<"+res.Name+">")
	}
	return text
}

func resources(s component.Signature) []*component.Resource {
	var out []*component.Resource
	for t := range types(s) {
		if k := t.Kind(); k == component.KindOwn || k == component.KindBorrow {
			out = append(out, t.Resource())
		}
	}
	return out
}

// function is one of values.
type function func(context.Context, []any) (any, error)

// hostFunction makes a function of values what a component imports.
func hostFunction(importer witvalue.Resources, s component.Signature, fn function) component.HostFunc {
	return func(ctx context.Context, args *component.Decoder, results *component.Encoder) error {
		values := make([]any, len(s.Params))
		for k, p := range s.Params {
			values[k] = importer.Decode(args, p.Type)
		}
		if err := args.Err(); err != nil {
			return err
		}
		result, err := fn(ctx, values)
		if err == nil && s.Result != nil {
			importer.Encode(results, s.Result, result)
		}
		return err
	}
}

func (i *instance) call(ctx context.Context, x *component.Export, values []any) (result any, err error) {
	err = i.instance.Call(ctx, x,
		func(e *component.Encoder) {
			for k, p := range x.Signature.Params {
				i.side.Encode(e, p.Type, values[k])
			}
		},
		func(d *component.Decoder) {
			if x.Signature.Result != nil {
				result = i.side.Decode(d, x.Signature.Result)
			}
		})
	return result, err
}

// call runs an invocation, and returns the result with its type.
func (r *runner) call(ctx context.Context, c *wast.Call) (any, *component.Type, error) {
	i := r.instances[c.Instance]
	if i == nil {
		return nil, nil, errors.New("the instance that it calls is not there")
	}
	if i.missing != nil {
		return nil, nil, i.missing
	}
	x := i.exports[c.Function]
	if x == nil {
		return nil, nil, fmt.Errorf("the instance exports no %q that can be called", c.Function)
	}
	if len(c.Args) != len(x.Signature.Params) {
		return nil, nil, errors.New("another number of arguments than the function has")
	}
	values := make([]any, len(c.Args))
	for k, n := range c.Args {
		var err error
		if values[k], err = witvalue.FromLiteral(x.Signature.Params[k].Type, n); err != nil {
			return nil, nil, err
		}
	}
	result, err := i.call(ctx, x, values)
	return result, x.Signature.Result, err
}
