// Package auth turns credentials into tokens: AuthService.
package auth

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/ratelimit"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

// SessionLifetime is how long a login's token holds.
const SessionLifetime = 8 * time.Hour

// What AuthService answers, beside what the middleware does.
var (
	// ErrLogin is one answer for an unknown tenant, an unknown or disabled
	// person, a person without a password and a wrong password: it does not tell
	// who has an account.
	ErrLogin = fault.New(codes.Unauthenticated, "LOGIN_REFUSED", "the tenant, the e-mail or the password is wrong").
			WithHint("check the three; an administrator of the tenant can make a new token")
	ErrLoginLimit = fault.New(codes.ResourceExhausted, "LOGIN_LIMIT", "too many attempts to log in")
	ErrLoginBusy  = fault.New(codes.Unavailable, "LOGIN_BUSY", "too many logins are being checked at once").
			WithHint("try again in a few seconds")
	ErrTokenUnknown = fault.New(codes.Unauthenticated, "TOKEN_INVALID", "the API token is not known").
			WithHint("check that the whole token was sent, as it was shown when it was made")
	ErrTokenExpired = fault.New(codes.Unauthenticated, "TOKEN_EXPIRED", "the API token has expired").
			WithHint("log in again, or have an administrator make a new token")
	ErrTokenRevoked = fault.New(codes.Unauthenticated, "TOKEN_REVOKED", "the API token was revoked").
			WithHint("log in again, or have an administrator make a new token")
	ErrPurpose = fault.New(codes.PermissionDenied, "PURPOSE_NOT_ALLOWED", "none of the person's roles may act for this purpose")
)

// Passwords checks passwords; *password.Hasher is one. See there for the errors.
type Passwords interface {
	Check(ctx context.Context, hash, password string) (stale bool, err error)
	Hash(ctx context.Context, password string) (string, error)
}

// Issuer signs actor tokens; *keyring.Ring is one.
type Issuer interface {
	Issue(a actor.Actor) (token string, expires time.Time, err error)
	JWKS() ([]byte, error)
}

// Options are a Service's dependencies; all are required.
type Options struct {
	Store     store.Store
	Vault     *profile.Vault
	Passwords Passwords
	Issuer    Issuer
	// Accounts and Addresses limit the attempts to log in to one account, and
	// from one address.
	Accounts, Addresses *ratelimit.Limiter
	Clock               func() time.Time
	IDs                 func() string
	Random              io.Reader
}

// Service implements AuthService.
type Service struct {
	accountsv1.UnimplementedAuthServiceServer
	Options
}

// New makes the service.
func New(o Options) *Service { return &Service{Options: o} }

// ListKeys returns the public keys that actor tokens are signed with.
func (s *Service) ListKeys(context.Context, *accountsv1.ListKeysRequest) (*accountsv1.ListKeysResponse, error) {
	jwks, err := s.Issuer.JWKS()
	if err != nil {
		return nil, err
	}
	return &accountsv1.ListKeysResponse{Jwks: string(jwks)}, nil
}
