package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/fault"
)

var errNoEntry = fault.New(codes.NotFound, "ENTRY_NOT_FOUND", "content: there is no such entry")

func TestCopies(t *testing.T) {
	changed := errNoEntry.WithHint("list the entries").WithField("id", "must be an entry's id").Wrap(io.EOF)
	if errNoEntry.Hint != "" || len(errNoEntry.Fields) != 0 || errors.Unwrap(errNoEntry) != nil {
		t.Errorf("the template was changed: %+v", errNoEntry)
	}
	a, b := changed.WithField("a", "x"), changed.WithField("b", "y")
	if a.Fields[1].Path != "a" || b.Fields[1].Path != "b" {
		t.Errorf("two copies share their fields: %v, %v", a.Fields, b.Fields)
	}
	if !errors.Is(a, errNoEntry) || !errors.Is(a, io.EOF) {
		t.Error("a copy lost its reason or its cause")
	}
	if errors.Is(errNoEntry, fault.New(codes.NotFound, "OTHER", errNoEntry.Message)) {
		t.Error("another reason is the same error")
	}
}

func TestErrorDoesNotQuoteTheCause(t *testing.T) {
	err := fmt.Errorf("handler: %w", errNoEntry.Wrap(errors.New("canary 529.982.247-25")))
	if got := err.Error(); strings.Contains(got, "canary") || !strings.Contains(got, "ENTRY_NOT_FOUND") {
		t.Errorf("Error() = %q", got)
	}
}

func TestFrom(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		code   codes.Code
		reason string
	}{
		{"ours", errNoEntry, codes.NotFound, "ENTRY_NOT_FOUND"},
		{"ours, wrapped", fmt.Errorf("a: %w", errNoEntry), codes.NotFound, "ENTRY_NOT_FOUND"},
		{"ours about a deadline", errNoEntry.Wrap(context.DeadlineExceeded), codes.NotFound, "ENTRY_NOT_FOUND"},
		{"our status", errNoEntry.GRPCStatus().Err(), codes.NotFound, "ENTRY_NOT_FOUND"},
		{"our status, wrapped", fmt.Errorf("a: %w", errNoEntry.GRPCStatus().Err()), codes.NotFound, "ENTRY_NOT_FOUND"},
		{"status without details", status.Error(codes.Unavailable, "canary"), codes.Unavailable, "UNAVAILABLE"},
		{"status of another domain", foreign(t), codes.Aborted, "ABORTED"},
		{"status of no known code", status.Error(99, "canary"), codes.Unknown, "UNKNOWN"},
		{"deadline", context.DeadlineExceeded, codes.DeadlineExceeded, "DEADLINE_EXCEEDED"},
		{"cancelled, wrapped", fmt.Errorf("canary: %w", context.Canceled), codes.Canceled, "CANCELLED"},
		{"plain", errors.New("canary"), codes.Internal, "INTERNAL"},
		{"never OK", fault.New(codes.OK, "X", "y"), codes.Unknown, "X"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := fault.From(c.err)
			if got.Code != c.code || got.Reason != c.reason {
				t.Errorf("From = %v %s, want %v %s", got.Code, got.Reason, c.code, c.reason)
			}
			if strings.Contains(got.Message, "canary") {
				t.Errorf("the message quotes the cause: %q", got.Message)
			}
			if ours := new(fault.Error); !errors.As(c.err, &ours) && !errors.Is(got, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
	if fault.From(nil) != nil {
		t.Error("From(nil) is an error")
	}
}

func foreign(t *testing.T) error {
	s, err := status.New(codes.Aborted, "canary").WithDetails(
		&errdetails.ErrorInfo{Reason: "X", Domain: "elsewhere.example", Metadata: map[string]string{"hint": "canary"}},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "canary"}}})
	if err != nil {
		t.Fatal(err)
	}
	if f := fault.From(s.Err()); f.Hint != "" || len(f.Fields) != 0 {
		t.Errorf("details of another domain are taken: %+v", f)
	}
	return s.Err()
}

// What GRPCStatus writes, From reads, whatever the texts are; and it fits a
// trailer.
func TestStatusRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringN(400, 800, 3000),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		reason := rapid.StringMatching(`[A-Z][A-Z_]{0,30}`).Draw(t, "reason")
		e := fault.New(codes.Code(rapid.IntRange(1, 16).Draw(t, "code")), reason, text.Draw(t, "message"))
		e = e.WithHint(text.Draw(t, "hint"))
		for range rapid.IntRange(0, 40).Draw(t, "fields") {
			e = e.WithField(text.Draw(t, "path"), text.Draw(t, "what"))
		}
		s := e.GRPCStatus()
		wire, err := proto.Marshal(s.Proto())
		if err != nil {
			t.Fatalf("status does not marshal: %v", err)
		}
		if len(wire) > 8<<10 {
			t.Fatalf("status of %d bytes", len(wire))
		}
		got := fault.From(s.Err())
		if got.Code != e.Code || got.Reason != e.Reason {
			t.Fatalf("got %v %q, want %v %q", got.Code, got.Reason, e.Code, e.Reason)
		}
		if len(got.Fields) != min(len(e.Fields), 16) {
			t.Fatalf("%d fields, want %d", len(got.Fields), len(e.Fields))
		}
		same := func(got, want string, limit int) {
			if !utf8.ValidString(got) || len(got) > limit {
				t.Fatalf("text of %d bytes, valid %v", len(got), utf8.ValidString(got))
			}
			if utf8.ValidString(want) && !strings.HasPrefix(want, got) {
				t.Fatalf("%q is not the beginning of %q", got, want)
			}
			if utf8.ValidString(want) && len(want) <= limit && got != want {
				t.Fatalf("%q was cut to %q", want, got)
			}
		}
		same(got.Message, e.Message, 512)
		same(got.Hint, e.Hint, 512)
		for i, f := range got.Fields {
			same(f.Path, e.Fields[i].Path, 128)
			same(f.Message, e.Fields[i].Message, 128)
		}
	})
}
