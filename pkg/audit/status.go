package audit

import "google.golang.org/grpc/codes"

// statusNames are the canonical names of the gRPC codes, as in
// google/rpc/code.proto. codes.Code prints others.
//
//nolint:gochecknoglobals // immutable
var statusNames = [...]string{
	codes.OK:                 "OK",
	codes.Canceled:           "CANCELLED",
	codes.Unknown:            "UNKNOWN",
	codes.InvalidArgument:    "INVALID_ARGUMENT",
	codes.DeadlineExceeded:   "DEADLINE_EXCEEDED",
	codes.NotFound:           "NOT_FOUND",
	codes.AlreadyExists:      "ALREADY_EXISTS",
	codes.PermissionDenied:   "PERMISSION_DENIED",
	codes.ResourceExhausted:  "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION",
	codes.Aborted:            "ABORTED",
	codes.OutOfRange:         "OUT_OF_RANGE",
	codes.Unimplemented:      "UNIMPLEMENTED",
	codes.Internal:           "INTERNAL",
	codes.Unavailable:        "UNAVAILABLE",
	codes.DataLoss:           "DATA_LOSS",
	codes.Unauthenticated:    "UNAUTHENTICATED",
}

//nolint:gochecknoglobals // immutable
var codeOf = func() map[string]codes.Code {
	byName := make(map[string]codes.Code, len(statusNames))
	for code, name := range statusNames {
		byName[name] = codes.Code(code)
	}
	return byName
}()

// StatusName returns the canonical name of a code, such as "NOT_FOUND", for an
// event's status. Codes that gRPC does not have are "UNKNOWN".
func StatusName(code codes.Code) string {
	if int(code) >= len(statusNames) {
		return statusNames[codes.Unknown]
	}
	return statusNames[code]
}
