package fault

import "google.golang.org/grpc/codes"

// Reasons of errors that carry none of their own: gRPC's name of the code.
const (
	ReasonInternal         = "INTERNAL"
	ReasonDeadlineExceeded = "DEADLINE_EXCEEDED"
	ReasonCancelled        = "CANCELLED"
	ReasonUnavailable      = "UNAVAILABLE"
)

type text struct{ reason, message string }

// neutral is what a caller is told of a status that none of our services wrote:
// gRPC's own texts quote addresses and transport errors.
//
//nolint:gochecknoglobals // immutable
var neutral = map[codes.Code]text{
	codes.Canceled:           {ReasonCancelled, "the call was cancelled"},
	codes.Unknown:            {"UNKNOWN", "the call failed for an unknown reason"},
	codes.InvalidArgument:    {"INVALID_ARGUMENT", "the request is not valid"},
	codes.DeadlineExceeded:   {ReasonDeadlineExceeded, "the call took longer than its deadline"},
	codes.NotFound:           {"NOT_FOUND", "what was asked for does not exist"},
	codes.AlreadyExists:      {"ALREADY_EXISTS", "what was to be made exists already"},
	codes.PermissionDenied:   {"PERMISSION_DENIED", "the caller may not do this"},
	codes.ResourceExhausted:  {"RESOURCE_EXHAUSTED", "a limit was reached"},
	codes.FailedPrecondition: {"FAILED_PRECONDITION", "the state does not allow this"},
	codes.Aborted:            {"ABORTED", "another change came first"},
	codes.OutOfRange:         {"OUT_OF_RANGE", "a value is out of range"},
	codes.Unimplemented:      {"UNIMPLEMENTED", "the service does not have this method"},
	codes.Internal:           {ReasonInternal, "an internal error happened"},
	codes.Unavailable:        {ReasonUnavailable, "the service cannot be reached"},
	codes.DataLoss:           {"DATA_LOSS", "data was lost or is damaged"},
	codes.Unauthenticated:    {"UNAUTHENTICATED", "the caller is not authenticated"},
}

// bare returns the neutral error of a code; UNKNOWN where gRPC has no such code.
func bare(code codes.Code) *Error {
	t, ok := neutral[code]
	if !ok {
		code, t = codes.Unknown, neutral[codes.Unknown]
	}
	return New(code, t.reason, t.message)
}
