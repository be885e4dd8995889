// Package problem answers errors as problem details (RFC 9457).
package problem

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// ContentType is what a problem is sent as.
const ContentType = "application/problem+json"

// statusGone is nginx's status for a client that went away: for logs and
// metrics, as nobody reads the answer.
const statusGone = 499

// Details is the body of an error.
type Details struct {
	// Type is "urn:hygia:problem:" and the reason in lower case.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail says what happened and where.
	Detail string `json:"detail"`
	// Reason is what programs compare; it does not change where texts do.
	Reason string `json:"reason"`
	// Hint says what to do, where something can be done.
	Hint string `json:"hint,omitempty"`
	// Fields are the parts of the request that were refused.
	Fields []Field `json:"fields,omitempty"`
}

// Field is one refused part of a request.
type Field struct {
	// Path leads to it, by the names that JSON bodies have.
	Path    string `json:"path"`
	Message string `json:"message"`
}

// From makes the details of an error: of a *fault.Error what it says, of
// anything else that an internal error happened.
func From(err error) Details {
	f := fault.From(err)
	d := Details{
		Type:   "urn:hygia:problem:" + strings.ReplaceAll(strings.ToLower(f.Reason), "_", "-"),
		Title:  title(f.Reason),
		Status: status(f),
		Detail: f.Message,
		Reason: f.Reason,
		Hint:   f.Hint,
	}
	for _, field := range f.Fields {
		d.Fields = append(d.Fields, Field{Path: jsonPath(field.Path), Message: field.Message})
	}
	return d
}

// status returns the HTTP status of a fault: that of its gRPC code, but where the
// reason says more.
func status(f *fault.Error) int {
	switch f.Reason {
	case "BODY_TOO_LARGE", "REQUEST_TOO_LARGE", "IMPORT_TOO_LARGE":
		return http.StatusRequestEntityTooLarge
	case "CONTENT_TYPE_REFUSED":
		return http.StatusUnsupportedMediaType
	case "METHOD_NOT_ALLOWED":
		return http.StatusMethodNotAllowed
	case "BODY_TOO_SLOW":
		return http.StatusRequestTimeout
	}
	switch f.Code {
	case codes.InvalidArgument, codes.OutOfRange:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.NotFound:
		return http.StatusNotFound
	case codes.AlreadyExists, codes.Aborted, codes.FailedPrecondition:
		return http.StatusConflict // the request is fine, the state is not
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Canceled:
		return statusGone
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// Write answers a request with an error. A 401 says how to authenticate (RFC
// 6750). Nothing may have been written before.
func Write(w http.ResponseWriter, err error) {
	d := From(err)
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	if d.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge(d.Reason))
	}
	setDefaultRetry(h, d.Status)
	body, err := json.Marshal(d)
	if err != nil { // strings and numbers always marshal
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(d.Status)
	_, _ = w.Write(body) // a client that went away is no error of ours
}

// setDefaultRetry says when to try again where nobody has: a service can say it in
// a hint alone. A login's share grows by one in thirty seconds; what is
// unavailable is mostly starting.
func setDefaultRetry(h http.Header, status int) {
	if h.Get("Retry-After") != "" {
		return
	}
	switch status {
	case http.StatusTooManyRequests:
		SetRetryAfter(h, 30*time.Second)
	case http.StatusServiceUnavailable:
		SetRetryAfter(h, 2*time.Second)
	}
}

// SetRetryAfter says when to try again, in whole seconds, at least one.
func SetRetryAfter(h http.Header, wait time.Duration) {
	h.Set("Retry-After", strconv.Itoa(int(max(1, math.Ceil(wait.Seconds())))))
}

// challenge names the error only where a credential was sent, as RFC 6750
// section 3.1 asks.
func challenge(reason string) string {
	const scheme = `Bearer realm="hygia"`
	if reason == "TOKEN_MISSING" || reason == "LOGIN_REFUSED" {
		return scheme
	}
	return scheme + `, error="invalid_token"`
}

// title turns ENTRY_NOT_FOUND into "Entry not found".
func title(reason string) string {
	words := strings.ReplaceAll(strings.ToLower(reason), "_", " ")
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// jsonPath turns the path of a proto field into that of its JSON form:
// author_ids[0] into authorIds[0].
func jsonPath(path string) string {
	var b strings.Builder
	up := false
	for _, r := range path {
		switch {
		case r == '_':
			up = true
			continue
		case up && r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}
