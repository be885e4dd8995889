package script

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/hygia-suite/hygia/pkg/component"
)

var errMeaning = errors.New("this directive has no meaning for a component")

// linkedError says that a component was linked which ought not to be.
type linkedError struct{ message string }

func (e *linkedError) Error() string {
	return fmt.Sprintf("it was linked, and ought to be refused with %q", e.message)
}

// Why pkg/component does not do what a suite asks, on purpose.
const (
	noWorld      = "imports a core module, or an instance inside of an instance: no WIT world can say that"
	oneName      = "a host gives each type of resource one name"
	noFunctions  = "an interface without functions needs nothing of the host, whatever the host has under that name"
	noThreads    = "proposal switched off: shared memories, which no limit would count"
	noExceptions = "proposal switched off: exceptions, which need a garbage-collected heap"
	noGC         = "proposal switched off: values of a garbage-collected heap"
	NoFixedLists = "proposal switched off: lists of fixed length"
	NoMaps       = "proposal switched off: maps"
	Miscompiled  = "wasmtime 44 cannot compile a component inside of a component that lends a handle, while concurrency support is off (on, it slows every call); 48 can (`make engine`)"
)

// refusals are the reasons by what pkg/component says when it is asked to.
var refusals = []struct { //nolint:gochecknoglobals // immutable
	says   *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`is neither a function, a resource nor an interface`), noWorld},
	{regexp.MustCompile(`host#resource1-again: the host does not give this resource`), oneName},
	{regexp.MustCompile(`threads must be enabled`), noThreads},
	{regexp.MustCompile(`exceptions proposal not enabled`), noExceptions},
	{regexp.MustCompile(`cm-gc`), noGC},
	{regexp.MustCompile(`fixed-length lists feature`), NoFixedLists},
	{regexp.MustCompile(`component model map feature`), NoMaps},
}

// unrefused are what pkg/component links, by what wasmtime would refuse it with.
var unrefused = map[string]string{ //nolint:gochecknoglobals // immutable
	"expected instance found func": noFunctions,
	"mismatched resource types":    oneName,
}

var mistyped = regexp.MustCompile(`Invalid input WebAssembly code at offset \d+: type mismatch: expected i32 but nothing on stack`)

// excepted returns why an error was to be expected, or "".
func excepted(err error) string {
	for _, e := range refusals {
		if e.says.MatchString(err.Error()) {
			return e.reason
		}
	}
	var linked *linkedError
	if errors.As(err, &linked) {
		return unrefused[linked.message]
	}
	var compile *component.CompileError
	if errors.As(err, &compile) && mistyped.MatchString(err.Error()) {
		return Miscompiled
	}
	return ""
}
