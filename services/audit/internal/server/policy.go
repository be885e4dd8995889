package server

import (
	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Policy is who may do what.
func Policy() rpc.Policy {
	// look is the row of every method that shows the trail: to the asker's tenant
	// alone, and recorded itself.
	look := rpc.Row{
		Peers:           []string{rpc.Gateway},
		Roles:           []actor.Role{actor.RoleDPO, actor.RoleAdmin},
		Purposes:        []actor.Purpose{actor.PurposeAudit, actor.PurposePrivacy, actor.PurposeAdministration},
		Audit:           rpc.Read,
		Action:          auditv1.Action_ACTION_READ,
		MaxRequestBytes: 4 << 10,
	}
	return rpc.Policy{
		auditv1.AuditService_Append_FullMethodName: {
			Peers:        []string{rpc.Accounts, rpc.Anonymization, rpc.Content, rpc.Gateway, rpc.Validation},
			Actor:        rpc.None,
			Audit:        rpc.Exempt,
			ExemptReason: "it is the record: recording it would not end",
		},
		auditv1.AuditService_ListEvents_FullMethodName:          look,
		auditv1.AuditService_GetEvent_FullMethodName:            look,
		auditv1.AuditService_FormatEvent_FullMethodName:         look,
		auditv1.AuditService_GetCheckpoint_FullMethodName:       look,
		auditv1.AuditService_GetInclusionProof_FullMethodName:   look,
		auditv1.AuditService_GetConsistencyProof_FullMethodName: look,
	}
}
