package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// ErrUnavailable says that no gateway answered.
var ErrUnavailable = errors.New("no answer")

// Problem is an error that the gateway answered (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail says what happened, and where.
	Detail   string `json:"detail"`
	Instance string `json:"instance,omitempty"`
	// Reason is stable: UPPER_SNAKE.
	Reason string `json:"reason"`
	// Hint says what to do; it may be empty.
	Hint   string  `json:"hint,omitempty"`
	Fields []Field `json:"fields,omitempty"`
}

// Field is one place in a request that was refused.
type Field struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Error gives what happened, where, and the reason, on one line.
func (p *Problem) Error() string {
	var b strings.Builder
	switch {
	case p.Detail != "":
		b.WriteString(p.Detail)
	case p.Title != "":
		b.WriteString(p.Title)
	default:
		b.WriteString(http.StatusText(p.Status))
	}
	fmt.Fprintf(&b, " (%d", p.Status)
	if p.Reason != "" {
		b.WriteString(" " + p.Reason)
	}
	b.WriteString(")")
	for _, f := range p.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Path, f.Message)
	}
	return b.String()
}

// NotFound tells whether what was asked for is not there, or not the asker's.
func (p *Problem) NotFound() bool { return p.Status == http.StatusNotFound }

// problemOf reads a problem; an answer of another kind, from a proxy perhaps,
// becomes one of its status alone: foreign HTML is of no use to a person here.
func problemOf(response *http.Response, text []byte) error {
	problem := &Problem{}
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if media != "application/problem+json" || json.Unmarshal(text, problem) != nil {
		problem = &Problem{Title: http.StatusText(response.StatusCode)}
	}
	problem.Status = response.StatusCode
	if problem.Status == http.StatusTooManyRequests && problem.Hint == "" {
		if wait := response.Header.Get("Retry-After"); wait != "" {
			problem.Hint = "try again in " + wait + " s"
		}
	}
	return problem
}

func unreachable(ctx context.Context, base *url.URL, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s: %w", base, cause)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("%w from %s: %w", ErrUnavailable, base, err)
}
