// Package wire turns what the service keeps into what it answers, and back.
package wire

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/actor"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

var roles = map[accountsv1.Role]actor.Role{
	accountsv1.Role_ROLE_ADMIN:    actor.RoleAdmin,
	accountsv1.Role_ROLE_EDITOR:   actor.RoleEditor,
	accountsv1.Role_ROLE_REVIEWER: actor.RoleReviewer,
	accountsv1.Role_ROLE_DPO:      actor.RoleDPO,
}

var purposes = map[accountsv1.Purpose]actor.Purpose{
	accountsv1.Purpose_PURPOSE_ADMINISTRATION: actor.PurposeAdministration,
	accountsv1.Purpose_PURPOSE_EDITORIAL:      actor.PurposeEditorial,
	accountsv1.Purpose_PURPOSE_MEDICAL_REVIEW: actor.PurposeMedicalReview,
	accountsv1.Purpose_PURPOSE_PRIVACY:        actor.PurposePrivacy,
	accountsv1.Purpose_PURPOSE_AUDIT:          actor.PurposeAudit,
}

// Roles returns the roles of a request, in its order; protovalidate has refused
// what is no role.
func Roles(from []accountsv1.Role) []actor.Role {
	to := make([]actor.Role, len(from))
	for i, r := range from {
		to[i] = roles[r]
	}
	return to
}

// Purpose returns the purpose of a request, empty where it names none.
func Purpose(from accountsv1.Purpose) actor.Purpose { return purposes[from] }

// Person returns the answer for a person whose profile was unsealed.
func Person(p store.Person, who profile.Profile) *accountsv1.Person {
	to := &accountsv1.Person{
		Id: p.ID, Email: who.Email, DisplayName: who.DisplayName, Credential: credential(who.Credential),
		Disabled: p.Disabled, CreateTime: timestamppb.New(p.CreateTime),
	}
	for _, role := range p.Roles {
		for number, name := range roles {
			if name == role {
				to.Roles = append(to.Roles, number)
			}
		}
	}
	return to
}

// Tenant returns the answer for a tenant.
func Tenant(t store.Tenant) *accountsv1.Tenant {
	return &accountsv1.Tenant{Id: t.ID, Slug: t.Slug, Name: t.Name, CreateTime: timestamppb.New(t.CreateTime)}
}

// Token returns the answer for a token.
func Token(t store.Token) *accountsv1.ApiToken {
	return &accountsv1.ApiToken{
		Id: t.ID, PersonId: t.Person, Label: t.Label, Revoked: t.Revoked,
		CreateTime: timestamppb.New(t.CreateTime), ExpireTime: timestamppb.New(t.ExpireTime),
	}
}
