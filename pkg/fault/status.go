package fault

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// Domain is the domain of the google.rpc.ErrorInfo that carries a reason.
const Domain = "hygia"

const hintKey = "hint"

// Bounds on what crosses, in both directions: gRPC sends details in a trailer,
// base64 and beside the message itself, and peers refuse long trailers. With
// these it stays under 12 KiB.
const (
	maxFields    = 16
	maxText      = 512 // bytes of each text
	maxFieldText = 128 // bytes of each text of a field
)

// GRPCStatus returns the status that crosses to the caller: code, message,
// ErrorInfo with the reason and the hint, BadRequest with the fields. Texts
// beyond 512 bytes (in fields 128) and fields beyond the 16th are cut off.
func (e *Error) GRPCStatus() *status.Status {
	info := &errdetails.ErrorInfo{Reason: bounded(e.Reason, maxText), Domain: Domain}
	if e.Hint != "" {
		info.Metadata = map[string]string{hintKey: bounded(e.Hint, maxText)}
	}
	details := []protoadapt.MessageV1{info}
	if len(e.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range e.Fields[:min(len(e.Fields), maxFields)] {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: bounded(f.Path, maxFieldText), Description: bounded(f.Message, maxFieldText),
			})
		}
		details = append(details, bad)
	}
	bare := status.New(e.Code, bounded(e.Message, maxText))
	full, err := bare.WithDetails(details...)
	if err != nil { // only for codes.OK, which New does not make
		return status.New(codes.Unknown, bare.Message())
	}
	return full
}

// From returns err as an *Error, and nil for nil. It takes, in this order: an
// *Error anywhere in err's chain; a gRPC status with our ErrorInfo; any other
// gRPC status and the errors of package context, with a neutral message; and
// all else as INTERNAL. Except for the first, err becomes the cause.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if s, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err); ok {
		return fromStatus(s.GRPCStatus()).Wrap(err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return bare(codes.DeadlineExceeded).Wrap(err)
	case errors.Is(err, context.Canceled):
		return bare(codes.Canceled).Wrap(err)
	}
	return Internal(err)
}

func fromStatus(s *status.Status) *Error {
	e := bare(s.Code())
	info, fields := details(s)
	if info.GetDomain() != Domain || info.GetReason() == "" {
		return e
	}
	e.Reason = bounded(info.GetReason(), maxText)
	e.Message = bounded(s.Message(), maxText)
	e.Hint = bounded(info.GetMetadata()[hintKey], maxText)
	e.Fields = fields
	return e
}

// details picks what GRPCStatus wrote; the last of each kind counts.
func details(s *status.Status) (info *errdetails.ErrorInfo, fields []Field) {
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			info = d
		case *errdetails.BadRequest:
			all := d.GetFieldViolations()
			fields = make([]Field, 0, min(len(all), maxFields))
			for _, v := range all[:cap(fields)] {
				fields = append(fields, Field{Path: bounded(v.GetField(), maxFieldText), Message: bounded(v.GetDescription(), maxFieldText)})
			}
		}
	}
	return info, fields
}

// bounded cuts s to limit bytes at a rune's border and repairs its UTF-8,
// without which protobuf would refuse the whole status.
func bounded(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	n := limit
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
