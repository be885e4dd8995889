// Package actor says for whom a service acts: the person, their tenant, roles
// and purpose, as the accounts service signed them into a token of a few
// minutes. A service trusts no actor but the one that its own Verifier took
// from such a token.
package actor

import (
	"context"
	"slices"
	"time"
)

// MetadataKey is the key under which the token travels in gRPC metadata.
const MetadataKey = "hygia-actor"

// Role is what a person may do in a tenant.
type Role string

// The roles. A token with any other is refused.
const (
	RoleAdmin    Role = "admin"    // runs the tenant
	RoleEditor   Role = "editor"   // writes and publishes what was signed
	RoleReviewer Role = "reviewer" // signs medical content
	RoleDPO      Role = "dpo"      // encarregado, LGPD art. 41
)

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool {
	switch r {
	case RoleAdmin, RoleEditor, RoleReviewer, RoleDPO:
		return true
	}
	return false
}

// Purpose is what an access is for (finalidade, LGPD art. 6 I).
type Purpose string

// The purposes. A token with any other is refused.
const (
	PurposeAdministration Purpose = "administration"
	PurposeEditorial      Purpose = "editorial"
	PurposeMedicalReview  Purpose = "medical_review"
	PurposePrivacy        Purpose = "privacy"
	PurposeAudit          Purpose = "audit"
)

// Valid reports whether p is one of the purposes.
func (p Purpose) Valid() bool {
	switch p {
	case PurposeAdministration, PurposeEditorial, PurposeMedicalReview, PurposePrivacy, PurposeAudit:
		return true
	}
	return false
}

// Credential is a registration with a professional council.
type Credential struct {
	Council     string   // such as "CRM"
	Number      string   // the council's number, without the region
	Region      string   // the state's two letters (UF)
	Specialties []string // with their RQE where there is one
}

// Actor is a person who acts for a tenant, for one purpose.
type Actor struct {
	Person      string // UUID
	Tenant      string // UUID
	DisplayName string
	Roles       []Role // at least one
	Purpose     Purpose
	Credential  *Credential // nil where there is none
	TokenID     string      // the token's jti
	Expires     time.Time   // of the token
}

// HasRole reports whether the actor has any of roles; false for none.
func (a Actor) HasRole(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

type contextKey struct{}

// With returns a context that carries a. Only what verified the actor's token
// calls it.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, contextKey{}, a)
}

// From returns the actor that ctx carries.
func From(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(contextKey{}).(Actor)
	return a, ok
}
