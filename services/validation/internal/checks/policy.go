package checks

import (
	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
)

// A document may be 1 MiB of body, and its other fields beside it.
const maxDocument = 2 << 20

// Policy says who may call what.
func Policy() rpc.Policy {
	everybody := []actor.Role{actor.RoleAdmin, actor.RoleEditor, actor.RoleReviewer, actor.RoleDPO}
	purposes := []actor.Purpose{actor.PurposeAdministration, actor.PurposeEditorial, actor.PurposeMedicalReview, actor.PurposePrivacy}
	return rpc.Policy{
		validationv1.ValidationService_Validate_FullMethodName: {
			Peers: []string{"gateway", "content"}, Roles: everybody, Purposes: purposes,
			Audit: rpc.Read, Action: auditv1.Action_ACTION_EXECUTE, MaxRequestBytes: maxDocument,
		},
		validationv1.ValidationService_ListRules_FullMethodName: {
			Peers: []string{"gateway"}, Roles: everybody, Purposes: purposes,
			Audit: rpc.Read, Action: auditv1.Action_ACTION_READ,
		},
	}
}
