package deid

import (
	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// A text may be 1 MiB, and its policy beside it.
const maxRequest = 1<<20 + 64<<10

// Policy says who may call what.
func Policy() rpc.Policy {
	row := rpc.Row{
		Peers:    []string{"gateway"},
		Roles:    []actor.Role{actor.RoleAdmin, actor.RoleEditor, actor.RoleReviewer, actor.RoleDPO},
		Purposes: []actor.Purpose{actor.PurposeAdministration, actor.PurposeEditorial, actor.PurposeMedicalReview, actor.PurposePrivacy},
		Audit:    rpc.Read, Action: auditv1.Action_ACTION_EXECUTE, MaxRequestBytes: maxRequest,
	}
	return rpc.Policy{
		anonymizationv1.AnonymizationService_Detect_FullMethodName:    row,
		anonymizationv1.AnonymizationService_Anonymize_FullMethodName: row,
	}
}
