package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// maxErrors bounds how much of an error's tree is walked.
const maxErrors = 16

// Err tells of an error what may be told: the reason and message of the fault
// in it, the system's error number, and the types of its chain. Other texts of
// errors stay out: drivers and peers quote what they were given.
func Err(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	f := fault.From(err)
	attrs := []any{
		slog.String("error_reason", f.Reason),
		slog.String("error_message", f.Message),
		slog.String("error_types", types(err)),
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		attrs = append(attrs, slog.String("error_errno", number.Error()))
	}
	return slog.Group("", attrs...)
}

// types lists the types of err's tree, outermost first.
func types(err error) string {
	var names []string
	var walk func(error)
	walk = func(err error) {
		if err == nil || len(names) == maxErrors {
			return
		}
		names = append(names, typeName(err))
		switch e := err.(type) { //nolint:errorlint // this walks the chain itself
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return cut(strings.Join(names, ","))
}

func typeName(err error) string {
	switch err { //nolint:errorlint // one link of the chain
	case context.Canceled:
		return "context.Canceled"
	case context.DeadlineExceeded:
		return "context.DeadlineExceeded"
	}
	return fmt.Sprintf("%T", err)
}

func cut(s string) string { return s[:min(len(s), maxValue)] }
