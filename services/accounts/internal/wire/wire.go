// Package wire turns what the service keeps into what it answers, and back.
package wire

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/actor"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

// Roles returns the roles of a request, in its order; protovalidate has refused
// what is no role.
func Roles(from []accountsv1.Role) []actor.Role {
	to := make([]actor.Role, len(from))
	for i, r := range from {
		to[i] = role(r)
	}
	return to
}

func role(from accountsv1.Role) actor.Role {
	switch from {
	case accountsv1.Role_ROLE_ADMIN:
		return actor.RoleAdmin
	case accountsv1.Role_ROLE_EDITOR:
		return actor.RoleEditor
	case accountsv1.Role_ROLE_REVIEWER:
		return actor.RoleReviewer
	case accountsv1.Role_ROLE_DPO:
		return actor.RoleDPO
	}
	return ""
}

// Purpose returns the purpose of a request, empty where it names none.
func Purpose(from accountsv1.Purpose) actor.Purpose {
	switch from {
	case accountsv1.Purpose_PURPOSE_ADMINISTRATION:
		return actor.PurposeAdministration
	case accountsv1.Purpose_PURPOSE_EDITORIAL:
		return actor.PurposeEditorial
	case accountsv1.Purpose_PURPOSE_MEDICAL_REVIEW:
		return actor.PurposeMedicalReview
	case accountsv1.Purpose_PURPOSE_PRIVACY:
		return actor.PurposePrivacy
	case accountsv1.Purpose_PURPOSE_AUDIT:
		return actor.PurposeAudit
	}
	return ""
}

// Person returns the answer for a person whose profile was unsealed.
func Person(p store.Person, who profile.Profile) *accountsv1.Person {
	to := &accountsv1.Person{
		Id: p.ID, Email: who.Email, DisplayName: who.DisplayName, Credential: credential(who.Credential),
		Disabled: p.Disabled, CreateTime: timestamppb.New(p.CreateTime),
	}
	for _, name := range p.Roles {
		for number := range accountsv1.Role_name {
			if r := accountsv1.Role(number); role(r) == name {
				to.Roles = append(to.Roles, r)
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
