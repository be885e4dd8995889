package rpc

import (
	"github.com/hygia-suite/hygia/pkg/actor"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// DefaultMaxRequestBytes bounds a request message whose row names no limit: 1 MiB.
const DefaultMaxRequestBytes = 1 << 20

// ActorRule says whether a method is done for a person.
type ActorRule int

const (
	// Required asks for an actor token with one of the row's roles and one of
	// its purposes.
	Required ActorRule = iota
	// None asks for no token: the peer's identity is enough. A token that is
	// sent all the same is ignored.
	None
)

// AuditRule says how the gate records a method.
type AuditRule int

const (
	// Read runs the handler, records the outcome durably, and only then
	// releases the response.
	Read AuditRule = iota
	// Write records the intent durably before the handler runs. The outcome of
	// a success is the event that the store writes in its own transaction, see
	// [WriteEvent]; every other outcome is recorded by the gate.
	Write
	// Exempt records refusals only. The row must give the reason.
	Exempt
)

// Row is the rule of one method. The zero value denies everybody.
type Row struct {
	// Peers names the services that may call, such as "gateway". Empty: nobody.
	Peers []string
	// Roles and Purposes are what the actor must have, any one of each. An
	// empty list admits no actor.
	Roles    []actor.Role
	Purposes []actor.Purpose
	Actor    ActorRule
	Audit    AuditRule
	// ExemptReason says why the method is not audited; required with Exempt.
	ExemptReason string
	// Action is what the audit record calls the access; required but with Exempt.
	Action auditv1.Action
	// MaxRequestBytes bounds each request message; 0 is DefaultMaxRequestBytes.
	MaxRequestBytes int
}

// Policy holds the row of each full method, such as
// "/hygia.content.v1.ContentService/GetEntry".
type Policy map[string]Row
