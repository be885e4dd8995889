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

// exceptions are what pkg/component does not do, on purpose, by what it says when
// it is asked to.
var exceptions = []struct { //nolint:gochecknoglobals // immutable
	says   *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`is neither a function, a resource nor an interface`),
		"imports a core module, or an instance inside of an instance: no WIT world can say that"},
	{regexp.MustCompile(`host#resource1-again: the host does not give this resource`), oneName},
	{regexp.MustCompile(`threads must be enabled`), "proposal switched off: shared memories, which no limit would count"},
	{regexp.MustCompile(`exceptions proposal not enabled`), "proposal switched off: exceptions, which need a garbage-collected heap"},
	{regexp.MustCompile(`cm-gc`), "proposal switched off: values of a garbage-collected heap"},
	{regexp.MustCompile(`fixed-length lists feature`), "proposal switched off: lists of fixed length"},
	{regexp.MustCompile(`component model map feature`), "proposal switched off: maps"},
}

// oneName is why a type under a second name is not given.
const oneName = "a host gives each type of resource one name"

// unrefused are what pkg/component links, by what wasmtime would refuse it with.
var unrefused = map[string]string{ //nolint:gochecknoglobals // immutable
	"expected instance found func": "an interface without functions needs nothing of the host, whatever the host has under that name",
	"mismatched resource types":    oneName,
}

// excepted returns why an error was to be expected, or "".
func excepted(err error) string {
	for _, e := range exceptions {
		if e.says.MatchString(err.Error()) {
			return e.reason
		}
	}
	var linked *linkedError
	if errors.As(err, &linked) {
		return unrefused[linked.message]
	}
	var compile *component.CompileError
	if errors.As(err, &compile) && miscompiled.MatchString(err.Error()) {
		return "wasmtime 44 cannot compile a component inside of a component that lends a handle, while concurrency support is off; it is, since it slows every call"
	}
	return ""
}

var miscompiled = regexp.MustCompile(`Invalid input WebAssembly code at offset \d+: type mismatch: expected i32 but nothing on stack`)
