// Package audittest has what tests of the audit log's callers share: valid
// events, a log that fails on demand, and the conformance suite of outbox stores.
package audittest

import (
	"time"

	"github.com/google/uuid"

	"github.com/hygia-suite/hygia/pkg/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Tenant and Person are the ids that Event puts into its events.
const (
	Tenant = "0192f0c1-0000-7000-8000-000000000001"
	Person = "0192f0c1-0000-7000-8000-000000000002"
)

// Event returns a valid event with fresh ids: the content service read an entry
// for a person.
func Event() *auditv1.Event {
	return &auditv1.Event{
		Id:       ID(),
		AccessId: ID(),
		Time:     time.Now().UTC().Format(audit.TimeFormat), //nolint:forbidigo // for tests
		Service:  "spiffe://hygia.test/content",
		Method:   "/hygia.content.v1.ContentService/GetEntry",
		Action:   auditv1.Action_ACTION_READ,
		Phase:    auditv1.Phase_PHASE_OUTCOME,
		Outcome:  auditv1.Outcome_OUTCOME_SUCCESS,
		Status:   "OK",
		Peer:     "spiffe://hygia.test/gateway",
		Tenant:   Tenant,
		Person:   Person,
		Roles:    []string{"editor"},
		Purpose:  "editorial",
		Objects:  []*auditv1.Object{{Kind: "entry", Id: ID()}},
	}
}

// ID returns a fresh UUIDv7.
func ID() string { return uuid.Must(uuid.NewV7()).String() }
