package wasi

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Version is the version of WASI that Add serves. Components built against any
// other 0.2 are served too: see component.Engine.Link.
const Version = "0.2.6"

// Stream is one of the two standard streams that a guest writes to.
type Stream int

// The standard streams.
const (
	Stdout Stream = 1
	Stderr Stream = 2
)

// String returns "stdout" or "stderr".
func (s Stream) String() string {
	if s == Stderr {
		return "stderr"
	}
	return "stdout"
}

// Config says what guests are given. Its zero value gives nothing.
//
// Its functions and its reader are called from many calls at once.
type Config struct {
	// Environment is the variables that guests see. Both names and values must be
	// UTF-8: a guest that asks for others fails.
	Environment map[string]string
	// Now gives the time of day, and time that passes. Nil denies both: then the
	// time of day is the start of 1970, and time passes only while a guest sleeps,
	// by as much as it asked for.
	Now func() time.Time
	// Sleep waits, and returns the context's error where that ends first: it does
	// at the call's deadline. Nil waits for real, with or without Now.
	Sleep func(ctx context.Context, d time.Duration) error
	// Random gives random bytes. Nil denies them: then every instance gets the
	// same ones, which anyone can compute.
	Random io.Reader
	// Output gets what guests write to their standard output and error, each write
	// as it comes; text is valid until Output returns. Nil discards it. What one
	// call may write is bounded by Limits.LogBytes of component, in either case.
	Output func(ctx context.Context, to Stream, text []byte)
}

// Add gives all of WASI 0.2's command-line interfaces to a host: wasi:cli, clocks,
// filesystem, io, random and sockets, but not wasi:http. The last Add wins.
func Add(h *component.Host, c Config) {
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	for _, r := range resources {
		h.Resource(r, nil)
	}
	adder{c, h.Func}.addAll()
}

// Serves reports whether Add serves an interface, such as
// "wasi:cli/stdout@0.2.3".
func Serves(iface string) bool {
	name, version, _ := strings.Cut(strings.TrimPrefix(iface, "wasi:"), "@")
	pkg, _, _ := strings.Cut(name, "/")
	return strings.HasPrefix(version, "0.2.") && strings.HasPrefix(iface, "wasi:") &&
		slices.Contains([]string{"cli", "clocks", "filesystem", "io", "random", "sockets"}, pkg)
}

// adder gives functions to a host.
type adder struct {
	config Config
	give   func(*component.Import, func(context.Context, *component.Decoder, *component.Encoder) error)
}

func (a adder) addAll() {
	a.addIO()
	a.addCLI()
	a.addClocks()
	a.addRandom()
	a.addFilesystem()
	a.addSockets()
}

// function is one function of an interface. One without a call is never called:
// it takes a handle to a resource of which no guest can have one, and the engine
// ends a guest that makes up a handle.
type function struct {
	name   string
	params []component.Field
	result *component.Type
	call   component.HostFunc
}

func (a adder) add(iface string, functions ...function) {
	for _, f := range functions {
		if f.call == nil {
			f.call = unreachable
		}
		a.give(&component.Import{
			Interface: versioned(iface), Name: f.name,
			Signature: component.Signature{Params: f.params, Result: f.result},
		}, f.call)
	}
}

// method is a function that takes a handle to a resource first.
func method(of *component.Resource, name string, params []component.Field, result *component.Type, call component.HostFunc) function {
	self := param("self", component.BorrowOf(of))
	return function{"[method]" + of.Name + "." + name, append([]component.Field{self}, params...), result, call}
}

// resources are all that WASI has. None needs to be told that its guest is gone.
//
//nolint:gochecknoglobals // immutable
var resources = []*component.Resource{
	ioError, pollable, inputStream, outputStream,
	terminalInput, terminalOutput,
	descriptor, directoryEntryStream,
	network, resolveAddressStream, tcpSocket, udpSocket, incomingDatagramStream, outgoingDatagramStream,
}

func resource(iface, name string) *component.Resource {
	return &component.Resource{Interface: versioned(iface), Name: name}
}

func versioned(iface string) string { return "wasi:" + iface + "@" + Version }

func param(name string, t *component.Type) component.Field {
	return component.Field{Name: name, Type: t}
}

func params(ps ...component.Field) []component.Field { return ps }

var errUnreachable = errors.New("wasi: a call with a handle that no guest can have")

func unreachable(context.Context, *component.Decoder, *component.Encoder) error {
	return errUnreachable
}

// borrow reads a handle to a value of type T.
func borrow[T any](d *component.Decoder, r *component.Resource) T {
	v, _ := d.Borrow(r).(T) // the zero value after an error, which fails the call
	return v
}

// Often used types.
//
//nolint:gochecknoglobals // immutable
var (
	bytes = component.ListOf(component.U8)
	u64   = component.U64
)
