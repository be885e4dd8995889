package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"
)

// Exit codes. Scripts rely on them: a number never changes its meaning.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitRefused     = 3
	ExitNotFound    = 4
	ExitFindings    = 5
	ExitUnavailable = 6
	ExitInterrupted = 130
)

// exitTable is the same for every command's help and for the README.
const exitTable = `Exit codes:
  0    done
  1    failed
  2    wrong usage, or input that was refused as invalid
  3    refused: not signed in, not allowed, or not possible as things stand
  4    not found
  5    findings of severity error, or a verification that failed
  6    the suite, a part of it or a registry cannot be reached; or too many requests
  130  interrupted`

// usageError is the caller's mistake, and perhaps what to do about it.
type usageError struct {
	err  error
	hint string
}

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return usageError{err: fmt.Errorf(format, args...)}
}

// codeError is an outcome with a code of its own. Where err is nil, the command
// has already said what it found.
type codeError struct {
	code int
	err  error
}

func (e codeError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}
func (e codeError) Unwrap() error { return e.err }

// errInterrupted is the cause of a context that a signal ended.
var errInterrupted = errors.New("interrupted")

// exitCode gives the code that goes with an error.
func exitCode(err error) int {
	var (
		code    codeError
		wrong   usageError
		problem *rest.Problem
		busy    *supervise.BusyError
	)
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &code):
		return code.code
	case errors.As(err, &wrong), errors.Is(err, rest.ErrURL), errors.As(err, &busy),
		errors.Is(err, supervise.ErrForeign), errors.Is(err, supervise.ErrInUse), errors.Is(err, artifact.ErrReference):
		return ExitUsage
	case errors.As(err, &problem) && problem.Reason == findingsReason:
		return ExitFindings
	case errors.As(err, &problem):
		return problemCode(problem.Status)
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, artifact.ErrNotFound):
		return ExitNotFound
	case errors.Is(err, artifact.ErrDenied):
		return ExitRefused
	case errors.Is(err, rest.ErrUnavailable), errors.Is(err, artifact.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		return ExitUnavailable
	}
	return ExitFailure
}

// findingsReason is the refusal of a submission whose entry has findings.
const findingsReason = "FINDINGS_BLOCK_SUBMIT"

func problemCode(status int) int {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return ExitUsage
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed:
		return ExitRefused
	case http.StatusNotFound, http.StatusGone:
		return ExitNotFound
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return ExitUnavailable
	}
	return ExitFailure
}

// aboutRoles tells whether another role would lift a refusal.
func aboutRoles(reason string) bool {
	switch reason {
	case "ROLE_NOT_ALLOWED", "PURPOSE_NOT_ALLOWED", "SIGNER_NOT_REVIEWER", "TOKEN_FOR_ANOTHER":
		return true
	}
	return false
}

// explain writes what happened, where, and what to do.
func explain(w io.Writer, err error) {
	var code codeError
	if errors.As(err, &code) && code.err == nil {
		return
	}
	fmt.Fprintln(w, "hygia:", err)
	if hint := hintOf(err); hint != "" {
		fmt.Fprintln(w, "  do:", hint)
	}
}

func hintOf(err error) string {
	var problem *rest.Problem
	if wrong := (usageError{}); errors.As(err, &wrong) && wrong.hint != "" {
		return wrong.hint
	}
	if errors.As(err, &problem) {
		switch {
		case problem.Hint != "":
			return problem.Hint
		case problem.Status == http.StatusUnauthorized:
			return "log in with `hygia login`, or set HYGIA_TOKEN"
		case aboutRoles(problem.Reason):
			return "ask for the role that this needs, or choose another with --as"
		}
		return ""
	}
	switch {
	case errors.Is(err, rest.ErrUnavailable):
		return "start the suite with `hygia up`, or set HYGIA_URL to where it runs"
	case errors.Is(err, artifact.ErrReference):
		return "name the registry's host, the path and the digest, as in registry.example.org/plugins/claim-words@sha256:…"
	case errors.Is(err, artifact.ErrNotFound):
		return "compare with the reference that `hygia plugin push` printed"
	case errors.Is(err, artifact.ErrDenied):
		return "log in with your container tools, and name the file that they write with --credentials"
	case errors.Is(err, artifact.ErrUnreachable):
		return "look at the registry's name in the reference, and whether it runs; only one on this machine may do without TLS"
	}
	return ""
}
