// Package store says what the accounts service keeps, and how.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
)

// What a Store answers, as targets of errors.Is. Any other error is a failure
// of the store: what was asked was not done.
var (
	// ErrNoTenant: a call without a tenant. Never an answer to a person: it
	// means that a check above the store is missing.
	ErrNoTenant = errors.New("store: refused without a tenant")
	// ErrNotFound: no such row in this tenant, whatever other tenants have.
	ErrNotFound = errors.New("store: not found")
	// ErrTaken: a slug or an e-mail that must be unique is not.
	ErrTaken = errors.New("store: taken")
	// ErrLastAdmin: the change would leave the tenant without anybody to run it.
	ErrLastAdmin = errors.New("store: the tenant's last administrator")
)

// Tenant is a healthcare publisher.
type Tenant struct {
	ID         string // UUIDv7
	Slug       string // unique
	Name       string
	CreateTime time.Time
}

// Person acts in one tenant. The store sees nothing that identifies them: the
// profile is sealed, the e-mail is a keyed index (package profile).
type Person struct {
	ID           string // UUIDv7
	Tenant       string
	Roles        []actor.Role // at least one; the first gives the default purpose
	Profile      []byte
	EmailIndex   []byte // unique in the tenant
	PasswordHash string // PHC string; empty where the person uses tokens alone
	Disabled     bool
	CreateTime   time.Time
}

// Token is an API token, without its secret.
type Token struct {
	ID         string // UUIDv7
	Tenant     string
	Person     string
	Label      string
	Digest     apitoken.Digest
	CreateTime time.Time
	ExpireTime time.Time
	Revoked    bool
}

// Page selects rows in the order of their ids, which is that of their making.
type Page struct {
	After string // the id before the first row; empty for the first page
	Limit int    // at least 1
}

// ExpiredFor is how long an expired token is still listed.
const ExpiredFor = 30 * 24 * time.Hour

// Time returns t as a store gives it back: UTC, in whole milliseconds.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Store keeps tenants, people and tokens. It is safe for concurrent use.
//
// Each row carries its tenant, and each method names one: an empty tenant is
// refused with ErrNoTenant before anything is read (invariant 8). The
// exceptions are the three lookups by which a tenant is found in the first
// place, and they say so. Times are kept in whole milliseconds, UTC.
//
// A write returns nil once it will survive the loss of power, together with its
// audit event, and on an error has changed nothing. A write without an event
// (nil, or one without an id) is refused.
type Store interface {
	// CreateTenant adds a tenant, its first administrator and a token of theirs,
	// or answers ErrTaken for a slug that is in use.
	CreateTenant(ctx context.Context, t Tenant, admin Person, token Token, event *auditv1.Event) error
	// Tenant returns a tenant.
	Tenant(ctx context.Context, id string) (Tenant, error)
	// TenantBySlug finds a tenant; it needs none.
	TenantBySlug(ctx context.Context, slug string) (Tenant, error)

	// CreatePerson adds a person, or answers ErrTaken for an e-mail that somebody
	// of the tenant has.
	CreatePerson(ctx context.Context, p Person, event *auditv1.Event) error
	Person(ctx context.Context, tenant, id string) (Person, error)
	PersonByEmail(ctx context.Context, tenant string, index []byte) (Person, error)
	People(ctx context.Context, tenant string, page Page) ([]Person, error)
	// UpdatePerson hands the person to change and stores what it made of roles,
	// profile and Disabled; all else stays. An error of change is returned as it
	// is. A person who becomes disabled loses their tokens by the same write. It
	// answers ErrLastAdmin where nobody enabled would be an administrator.
	UpdatePerson(ctx context.Context, tenant, id string, change func(*Person) error, event *auditv1.Event) (Person, error)

	// CreateToken adds a token, or answers ErrNotFound where the tenant has no
	// such person.
	CreateToken(ctx context.Context, t Token, event *auditv1.Event) error
	// Login adds a token of a person and, where newHash is not empty, replaces
	// their password's hash. It forgets those of their tokens that had expired
	// ExpiredFor before the new one was made: logins must not fill the disk. It
	// answers ErrNotFound where the person is missing or was disabled meanwhile.
	Login(ctx context.Context, t Token, newHash string, event *auditv1.Event) error
	Token(ctx context.Context, tenant, id string) (Token, error)
	// TokenByDigest finds a token and its person; it needs no tenant, as nobody
	// has the digest of a token that they were not given.
	TokenByDigest(ctx context.Context, digest apitoken.Digest) (Token, Person, error)
	// Tokens returns the tokens of a person, or of the whole tenant where person
	// is empty.
	Tokens(ctx context.Context, tenant, person string, page Page) ([]Token, error)
	// RevokeToken ends a token for good. Revoking twice is no error.
	RevokeToken(ctx context.Context, tenant, id string, event *auditv1.Event) error

	// KeyCheck returns the value that the first call ever gave; it needs no
	// tenant. See profile.Vault.Check.
	KeyCheck(ctx context.Context, fresh []byte) ([]byte, error)
}
