package component

import "context"

// HostFunc is a function that a host gives to components. It reads all of its
// arguments, then writes its results. The context is the call's: it ends with
// the call's deadline, which nothing else enforces on a host function. An error
// or a panic ends the guest's call, which then fails with a HostError, or with
// the ExitError where that is the error.
type HostFunc func(ctx context.Context, args *Decoder, results *Encoder) error

type hostKey struct{ iface, name string }

// boundImport is an import and the function that serves it.
type boundImport struct {
	imp *Import
	fn  HostFunc
	sig Signature // as the component declares it
}

func (b boundImport) failed(err error) error {
	return &HostError{Interface: b.imp.Interface, Name: b.imp.Name, Err: err}
}

// Host is a set of functions that components may import. Fill it before the
// first Link; a linked program keeps what it was linked with. It is not safe for
// concurrent writes.
type Host struct {
	funcs     map[hostKey]boundImport
	resources map[hostKey]hostResource
}

type hostResource struct {
	res  *Resource
	drop dropFunc
}

// NewHost returns an empty host.
func NewHost() *Host {
	return &Host{funcs: make(map[hostKey]boundImport), resources: make(map[hostKey]hostResource)}
}

// Func gives fn as the import imp, in place of an earlier one of that name.
func (h *Host) Func(imp *Import, fn func(ctx context.Context, args *Decoder, results *Encoder) error) {
	h.funcs[hostKey{imp.Interface, imp.Name}] = boundImport{imp: imp, fn: fn}
}

// find returns what serves a component's import: the function of that very
// interface, or of a compatible version of it.
func (h *Host) find(iface, name string) (boundImport, bool) {
	if h == nil {
		return boundImport{}, false
	}
	if e, ok := h.funcs[hostKey{iface, name}]; ok {
		return e, true
	}
	var best boundImport
	for k, e := range h.funcs {
		if k.name == name && track(k.iface) == track(iface) && (best.imp == nil || k.iface > best.imp.Interface) {
			best = e
		}
	}
	return best, best.imp != nil
}

// Resource gives the resource type r, whose values are what Encoder.Own is given:
// any Go values. Its constructor, methods and static functions are Funcs with the
// component model's names for them: "[constructor]blob", "[method]blob.read" and
// "[static]blob.merge".
//
// drop, which may be nil, is called with a value when the guest drops its handle;
// an error or a panic then ends the guest's call. It is also called for every
// value that is left when the instance ends, with the context of who made the
// instance, though not its end; what it fails with then has nobody to go to.
func (h *Host) Resource(r *Resource, drop func(ctx context.Context, value any) error) {
	h.resources[hostKey{r.Interface, r.Name}] = hostResource{r, drop}
}

// findResource returns the host's resource of that very interface, or of a
// compatible version of it.
func (h *Host) findResource(r *Resource) (hostResource, bool) {
	if h == nil {
		return hostResource{}, false
	}
	if e, ok := h.resources[hostKey{r.Interface, r.Name}]; ok {
		return e, true
	}
	var best hostResource
	for _, e := range h.resources {
		if e.res.Equal(r) && (best.res == nil || e.res.Interface > best.res.Interface) {
			best = e
		}
	}
	return best, best.res != nil
}
