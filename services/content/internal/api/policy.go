package api

import (
	"slices"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

// Policy says who may call what. Only the gateway calls this service.
func Policy() rpc.Policy {
	var (
		everybody = []actor.Role{actor.RoleAdmin, actor.RoleEditor, actor.RoleReviewer, actor.RoleDPO}
		staff     = []actor.Role{actor.RoleAdmin, actor.RoleEditor, actor.RoleReviewer}
		writers   = []actor.Role{actor.RoleAdmin, actor.RoleEditor}
		reviewers = []actor.Role{actor.RoleReviewer}

		editorial  = []actor.Purpose{actor.PurposeAdministration, actor.PurposeEditorial}
		review     = []actor.Purpose{actor.PurposeMedicalReview}
		work       = slices.Concat(editorial, review)
		anyPurpose = slices.Concat(work, []actor.Purpose{actor.PurposePrivacy, actor.PurposeAudit})
	)
	policy := rpc.Policy{}
	row := func(method string, roles []actor.Role, purposes []actor.Purpose, rule rpc.AuditRule, action auditv1.Action, bytes int) {
		policy[method] = rpc.Row{
			Peers: []string{rpc.Gateway}, Roles: roles, Purposes: purposes, Audit: rule, Action: action, MaxRequestBytes: bytes,
		}
	}
	const (
		create  = auditv1.Action_ACTION_CREATE
		read    = auditv1.Action_ACTION_READ
		update  = auditv1.Action_ACTION_UPDATE
		remove  = auditv1.Action_ACTION_DELETE
		execute = auditv1.Action_ACTION_EXECUTE

		small = 64 << 10       // ids and short texts
		piece = 1<<18 + 64<<10 // of an upload
		entry = 2 << 20        // a body of 1 MiB, and what stands around it
	)
	row(contentv1.ContentService_GetEntry_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ContentService_ListEntries_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ContentService_ListRevisions_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ContentService_GetRevision_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ContentService_ListBlocks_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ContentService_ListAuthors_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ContentService_ListTerms_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ImportService_GetImport_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ImportService_ListImports_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)
	row(contentv1.ImportService_ListOmissions_FullMethodName, everybody, anyPurpose, rpc.Read, read, small)

	row(contentv1.ContentService_ValidateEntry_FullMethodName, staff, work, rpc.Read, execute, small)

	row(contentv1.ContentService_CreateEntry_FullMethodName, writers, editorial, rpc.Write, create, entry)
	row(contentv1.ContentService_UpdateEntry_FullMethodName, writers, editorial, rpc.Write, update, entry)
	row(contentv1.ContentService_SubmitEntry_FullMethodName, writers, editorial, rpc.Write, update, small)
	row(contentv1.ContentService_PublishEntry_FullMethodName, writers, editorial, rpc.Write, update, small)
	row(contentv1.ContentService_UnpublishEntry_FullMethodName, writers, editorial, rpc.Write, update, small)
	row(contentv1.ContentService_TrashEntry_FullMethodName, writers, editorial, rpc.Write, remove, small)
	row(contentv1.ContentService_CreateAuthor_FullMethodName, writers, editorial, rpc.Write, create, small)
	row(contentv1.ContentService_UpdateAuthor_FullMethodName, writers, editorial, rpc.Write, update, small)
	row(contentv1.ContentService_CreateTerm_FullMethodName, writers, editorial, rpc.Write, create, small)
	row(contentv1.ImportService_UploadImport_FullMethodName, writers, editorial, rpc.Write, create, piece)

	row(contentv1.ContentService_SignEntry_FullMethodName, reviewers, review, rpc.Write, update, small)
	row(contentv1.ContentService_ReturnEntry_FullMethodName, reviewers, review, rpc.Write, update, small)
	return policy
}
