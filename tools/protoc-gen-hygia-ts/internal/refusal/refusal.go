// Package refusal says what in a proto file the generator cannot express.
package refusal

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Error names the element that was refused.
type Error struct {
	File string
	// Line counts from 1; 0 where the descriptors came without source locations.
	Line int
	// Element is the full name: of a file, its package.
	Element protoreflect.FullName
	// Why says what is not known, and what is.
	Why string
}

// Of refuses an element.
func Of(element protoreflect.Descriptor, format string, args ...any) error {
	e := &Error{
		File:    element.ParentFile().Path(),
		Element: element.FullName(),
		Why:     fmt.Sprintf(format, args...),
	}
	if at := element.ParentFile().SourceLocations().ByDescriptor(element); at.Path != nil {
		e.Line = at.StartLine + 1
	}
	return e
}

// Error reads "file:line: element: why".
func (e *Error) Error() string {
	place := e.File
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return fmt.Sprintf("%s: %s: %s", place, e.Element, e.Why)
}
