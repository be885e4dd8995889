// Package directory keeps tenants, people and their tokens: DirectoryService.
package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

// What DirectoryService answers, beside what the middleware does. What lies in
// another tenant does not exist.
var (
	ErrNoPerson  = fault.New(codes.NotFound, "PERSON_NOT_FOUND", "the tenant has no such person")
	ErrNoToken   = fault.New(codes.NotFound, "API_TOKEN_NOT_FOUND", "the tenant has no such API token")
	ErrSlugTaken = fault.New(codes.AlreadyExists, "TENANT_EXISTS", "a tenant of this slug exists already")
	ErrMailTaken = fault.New(codes.AlreadyExists, "PERSON_EXISTS", "somebody of the tenant has this e-mail already")
	ErrLastAdmin = fault.New(codes.FailedPrecondition, "LAST_ADMIN", "the tenant would be left without an administrator").
			WithHint("make another person an administrator first")
	ErrPassword = fault.New(codes.InvalidArgument, "PASSWORD_REFUSED", "the password may not be used")
	ErrBusy     = fault.New(codes.Unavailable, "PASSWORDS_BUSY", "too many passwords are being hashed at once").
			WithHint("try again in a few seconds")
	ErrName       = fault.New(codes.InvalidArgument, "DISPLAY_NAME_TOO_LONG", "the name is too long")
	ErrNeedsProof = fault.New(codes.InvalidArgument, "CREDENTIAL_REQUIRED", "a reviewer needs a professional registration").
			WithField("credential", "must be set where the roles hold ROLE_REVIEWER")
	ErrNeedsAdmin = fault.New(codes.InvalidArgument, "ADMIN_REQUIRED", "the first person of a tenant must be an administrator").
			WithField("admin.roles", "must hold ROLE_ADMIN")
	ErrPageToken = fault.New(codes.InvalidArgument, "PAGE_TOKEN_INVALID", "the page token is not one that this list gave").
			WithField("page_token", "must be the next_page_token of the page before")
	ErrNotYours = fault.New(codes.PermissionDenied, "TOKEN_FOR_ANOTHER", "only an administrator makes tokens for others").
			WithField("person_id", "must be empty or your own")
)

// Passwords hashes passwords; *password.Hasher is one.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
}

// Options are a Service's dependencies; all are required.
type Options struct {
	Store     store.Store
	Vault     *profile.Vault
	Passwords Passwords
	Clock     func() time.Time
	IDs       func() string
	Random    io.Reader
}

// Service implements DirectoryService.
type Service struct {
	accountsv1.UnimplementedDirectoryServiceServer
	Options
}

// New makes the service.
func New(o Options) *Service { return &Service{Options: o} }

// caller returns for whom a method runs. The policy lets nobody in without an
// actor; an empty tenant would be refused by the store too.
func caller(ctx context.Context) (actor.Actor, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return actor.Actor{}, fault.Internal(errors.New("directory: no actor in the context"))
	}
	return a, nil
}

// administers tells whether the caller may act on other people's tokens.
func administers(a actor.Actor) bool {
	return a.HasRole(actor.RoleAdmin) && a.Purpose == actor.PurposeAdministration
}

// answer gives an error of the store its meaning for the caller.
func answer(err error, missing, taken *fault.Error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return missing
	case errors.Is(err, store.ErrTaken) && taken != nil:
		return taken
	case errors.Is(err, store.ErrLastAdmin):
		return ErrLastAdmin
	}
	return fmt.Errorf("directory: %w", err)
}
