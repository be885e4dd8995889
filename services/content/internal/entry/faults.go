package entry

import (
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// Why a step is refused.
var (
	ErrRevisionConflict = fault.New(codes.Aborted, "REVISION_CONFLICT",
		"another revision of the entry was saved in between").
		WithHint("read the entry again and repeat the change on its newest revision")
	ErrKindChanged = fault.New(codes.InvalidArgument, "KIND_CHANGED",
		"a post stays a post, and a page a page").
		WithField("content.kind", "must be the entry's kind")
	ErrSignOffMissing = fault.New(codes.FailedPrecondition, "SIGN_OFF_MISSING",
		"nothing is published without a medical sign-off of exactly this content").
		WithHint("submit the entry, and have a reviewer with a credential sign it who did not write it")
	ErrSignerRole = fault.New(codes.PermissionDenied, "SIGNER_NOT_REVIEWER",
		"only a medical reviewer signs off")
	ErrSignerCredential = fault.New(codes.PermissionDenied, "SIGNER_WITHOUT_CREDENTIAL",
		"whoever signs off must hold a professional registration").
		WithHint("have the registration added to the person's account")
	ErrSignerTookPart = fault.New(codes.PermissionDenied, "SIGNER_TOOK_PART",
		"whoever wrote or submitted an entry cannot sign it off").
		WithHint("ask another reviewer")
	ErrHashMismatch = fault.New(codes.Aborted, "CONTENT_HASH_MISMATCH",
		"the entry is not what the signer read").
		WithField("contentHash", "must be the hash of the entry's newest revision").
		WithHint("read the entry again, then sign what it is now")
	ErrNotPublished = fault.New(codes.FailedPrecondition, "NOT_PUBLISHED",
		"the entry is neither public nor scheduled")
	ErrNotDue = fault.New(codes.FailedPrecondition, "NOT_DUE",
		"the entry's time has not come")
	ErrTimePast = fault.New(codes.InvalidArgument, "PUBLISH_TIME_PAST",
		"an entry cannot be published in the past").
		WithField("publishTime", "must be in the future, or absent for now")
	ErrTimeFar = fault.New(codes.InvalidArgument, "PUBLISH_TIME_FAR",
		"the time of publication lies more than five years ahead").
		WithField("publishTime", "must lie within five years")
)

// refusal says that a status does not allow a step. The status is the entry's
// own, so the text tells what to do next.
func refusal(e Entry, a action) error {
	if (a == publish || a == schedule) && !e.Status.Signed() && e.Status != Trashed {
		return ErrSignOffMissing
	}
	return fault.New(codes.FailedPrecondition, "STATUS_FORBIDS",
		"cannot "+string(a)+" an entry whose status is "+string(e.Status))
}
