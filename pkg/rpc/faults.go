package rpc

import (
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// What the middleware answers. Their reasons are part of the API.
var (
	// ErrAuditUnavailable says that the audit log took no record, so nothing
	// was released; a change may have been made nonetheless.
	ErrAuditUnavailable = fault.New(codes.Unavailable, "AUDIT_UNAVAILABLE",
		"the audit log cannot be reached, and nothing is released without its record").
		WithHint("try again; ask whether a change was made before you repeat it")
	// ErrUnreachable says that a service did not accept connections in time.
	ErrUnreachable = fault.New(codes.Unavailable, "SERVICE_UNREACHABLE",
		"a service of the suite cannot be reached").WithHint("try again")

	errPeerUnknown = fault.New(codes.Unauthenticated, "PEER_UNKNOWN",
		"the caller has no identity in this trust domain")
	errPeerNotAllowed = fault.New(codes.PermissionDenied, "PEER_NOT_ALLOWED",
		"this service may not call this method")
	errTokenMissing = fault.New(codes.Unauthenticated, "TOKEN_MISSING",
		"the method needs an actor token")
	errTokenRepeated = fault.New(codes.Unauthenticated, "TOKEN_INVALID",
		"the call carries more than one actor token")
	errRoleNotAllowed = fault.New(codes.PermissionDenied, "ROLE_NOT_ALLOWED",
		"none of the actor's roles may do this")
	errPurposeNotAllowed = fault.New(codes.PermissionDenied, "PURPOSE_NOT_ALLOWED",
		"this may not be done for the actor's purpose").
		WithHint("ask for a token with another purpose")
	errTooLittleTime = fault.New(codes.DeadlineExceeded, "DEADLINE_TOO_CLOSE",
		"too little time is left to answer").WithHint("allow the call more time")
	errTooLarge = fault.New(codes.ResourceExhausted, "REQUEST_TOO_LARGE",
		"the request is larger than this method takes")
	errUnknownField = fault.New(codes.InvalidArgument, "UNKNOWN_FIELD",
		"the request holds a field that this method does not know").
		WithHint("the caller may be newer than the service")
	errTooDeep = fault.New(codes.InvalidArgument, "REQUEST_TOO_DEEP",
		"the request is nested too deeply")
	errInvalid = fault.New(codes.InvalidArgument, "REQUEST_INVALID",
		"the request breaks a rule of its message")

	errNotProto = errors.New("rpc: a message is no protobuf message")
	errPanic    = errors.New("rpc: panic")
)
