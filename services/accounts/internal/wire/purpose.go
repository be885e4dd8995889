package wire

import (
	"slices"

	"github.com/hygia-suite/hygia/pkg/actor"
)

// purposesOf is what a role may use personal data for (finalidade, LGPD art.
// 6 I). The first one is the role's default.
func purposesOf(role actor.Role) []actor.Purpose {
	switch role {
	case actor.RoleAdmin:
		return []actor.Purpose{actor.PurposeAdministration, actor.PurposeEditorial, actor.PurposeAudit}
	case actor.RoleEditor:
		return []actor.Purpose{actor.PurposeEditorial}
	case actor.RoleReviewer:
		return []actor.Purpose{actor.PurposeMedicalReview}
	case actor.RoleDPO:
		return []actor.Purpose{actor.PurposePrivacy, actor.PurposeAudit}
	}
	return nil
}

// Choose returns the purpose of an access: the one that was asked for, where
// any of the roles has it, or the default of the first role where none was.
func Choose(roles []actor.Role, asked actor.Purpose) (purpose actor.Purpose, ok bool) {
	allowed := Purposes(roles)
	if asked == "" && len(allowed) > 0 {
		return allowed[0], true
	}
	return asked, slices.Contains(allowed, asked)
}

// Purposes returns what the roles may use data for, in order and each once.
func Purposes(roles []actor.Role) (all []actor.Purpose) {
	for _, role := range roles {
		for _, p := range purposesOf(role) {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}
