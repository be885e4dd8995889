package front

import (
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// What the gateway refuses by itself. Their reasons are part of the API.
var (
	ErrNotFound = fault.New(codes.NotFound, "ROUTE_NOT_FOUND", "there is nothing at this path").
			WithHint("see /openapi.json for the paths there are")
	ErrMethod = fault.New(codes.Unimplemented, "METHOD_NOT_ALLOWED", "the path does not take this method").
			WithHint("see the Allow header for those that it takes")
	ErrTokenMissing = fault.New(codes.Unauthenticated, "TOKEN_MISSING", "the request carries no API token").
			WithHint(`send the header "Authorization: Bearer" with a token; POST /v1/login gives one`)
	ErrTokenForm = fault.New(codes.Unauthenticated, "TOKEN_INVALID", "the Authorization header holds no API token").
			WithHint(`send the header "Authorization: Bearer" once, with the whole token as it was shown when it was made`)
	ErrPurpose = fault.New(codes.InvalidArgument, "PURPOSE_UNKNOWN", "the Hygia-Purpose header names no purpose").
			WithHint("one of: administration, editorial, medical_review, privacy, audit")
	ErrBodyTooLarge = fault.New(codes.InvalidArgument, "BODY_TOO_LARGE", "the request's body is larger than is taken here").
			WithHint("send less at once")
	ErrBodySlow = fault.New(codes.DeadlineExceeded, "BODY_TOO_SLOW", "the request's body did not arrive in time")
	ErrBodyCut  = fault.New(codes.Canceled, "BODY_CUT", "the request ended before its body did")
	ErrNoBody   = fault.New(codes.InvalidArgument, "BODY_NOT_ALLOWED", "this method takes no body").
			WithHint("send parameters in the query string")
	ErrContentType = fault.New(codes.InvalidArgument, "CONTENT_TYPE_REFUSED", "the body's content type is not taken here")
	ErrEncoding    = fault.New(codes.InvalidArgument, "CONTENT_TYPE_REFUSED", "compressed bodies are not taken").
			WithHint("send the body without a Content-Encoding")
	ErrQuery     = fault.New(codes.InvalidArgument, "QUERY_INVALID", "the query string cannot be read")
	ErrTokenRate = fault.New(codes.ResourceExhausted, "RATE_LIMIT", "this token sends too many requests").
			WithHint("wait as long as the Retry-After header says")
	ErrAddressRate = fault.New(codes.ResourceExhausted, "RATE_LIMIT", "this address sends too many requests").
			WithHint("wait as long as the Retry-After header says")
	ErrCredentialRate = fault.New(codes.ResourceExhausted, "CREDENTIAL_LIMIT", "this address presents too many credentials").
				WithHint("wait as long as the Retry-After header says")
	ErrBusy = fault.New(codes.Unavailable, "GATEWAY_BUSY", "too many requests are under way").
		WithHint("try again in a second")
	ErrUploads = fault.New(codes.Unavailable, "UPLOADS_BUSY", "too many uploads are under way").
			WithHint("try again when one of them has ended")
	errPanic = fault.New(codes.Internal, fault.ReasonInternal, "an internal error happened")
)
