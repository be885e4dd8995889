package server

import (
	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Policy says who may call what. What a person may do to tokens that are not
// theirs, package directory decides: a row cannot see whose they are.
func Policy() rpc.Policy {
	var (
		gateway  = []string{rpc.Gateway}
		operator = []string{rpc.Operator}
		all      = []string{rpc.Audit, rpc.Content, rpc.Validation, rpc.Anonymization, rpc.Gateway, rpc.Operator}

		admin        = []actor.Role{actor.RoleAdmin}
		anyRole      = []actor.Role{actor.RoleAdmin, actor.RoleEditor, actor.RoleReviewer, actor.RoleDPO}
		administers  = []actor.Purpose{actor.PurposeAdministration}
		anyPurpose   = []actor.Purpose{actor.PurposeAdministration, actor.PurposeEditorial, actor.PurposeMedicalReview, actor.PurposePrivacy, actor.PurposeAudit}
		create, read = auditv1.Action_ACTION_CREATE, auditv1.Action_ACTION_READ
		update, end  = auditv1.Action_ACTION_UPDATE, auditv1.Action_ACTION_DELETE
		execute      = auditv1.Action_ACTION_EXECUTE
	)
	return rpc.Policy{
		accountsv1.AuthService_Login_FullMethodName:    {Peers: gateway, Actor: rpc.None, Audit: rpc.Write, Action: execute},
		accountsv1.AuthService_Exchange_FullMethodName: {Peers: gateway, Actor: rpc.None, Audit: rpc.Read, Action: execute},
		accountsv1.AuthService_ListKeys_FullMethodName: {Peers: all, Actor: rpc.None, Audit: rpc.Exempt,
			ExemptReason: "public keys, of no person; services ask for them before they can verify anybody"},

		accountsv1.DirectoryService_CreateTenant_FullMethodName: {Peers: operator, Actor: rpc.None, Audit: rpc.Write, Action: create},

		accountsv1.DirectoryService_GetMe_FullMethodName:        {Peers: gateway, Roles: anyRole, Purposes: anyPurpose, Audit: rpc.Read, Action: read},
		accountsv1.DirectoryService_CreatePerson_FullMethodName: {Peers: gateway, Roles: admin, Purposes: administers, Audit: rpc.Write, Action: create},
		accountsv1.DirectoryService_GetPerson_FullMethodName:    {Peers: gateway, Roles: admin, Purposes: administers, Audit: rpc.Read, Action: read},
		accountsv1.DirectoryService_ListPeople_FullMethodName:   {Peers: gateway, Roles: admin, Purposes: administers, Audit: rpc.Read, Action: read},
		accountsv1.DirectoryService_UpdatePerson_FullMethodName: {Peers: gateway, Roles: admin, Purposes: administers, Audit: rpc.Write, Action: update},

		accountsv1.DirectoryService_CreateApiToken_FullMethodName: {Peers: gateway, Roles: anyRole, Purposes: anyPurpose, Audit: rpc.Write, Action: create},
		accountsv1.DirectoryService_ListApiTokens_FullMethodName:  {Peers: gateway, Roles: anyRole, Purposes: anyPurpose, Audit: rpc.Read, Action: read},
		accountsv1.DirectoryService_RevokeApiToken_FullMethodName: {Peers: gateway, Roles: anyRole, Purposes: anyPurpose, Audit: rpc.Write, Action: end},
	}
}
