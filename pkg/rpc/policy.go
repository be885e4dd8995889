package rpc

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc"

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
	// Roles and Purposes are what the actor must have, any one of each. Where
	// there are peers and an actor is required, neither may be empty.
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

// maxRequestBytes resolves the default.
func (r Row) maxRequestBytes() int {
	if r.MaxRequestBytes == 0 {
		return DefaultMaxRequestBytes
	}
	return r.MaxRequestBytes
}

// action is what a refusal is called where the row says nothing.
func (r Row) action() auditv1.Action {
	if r.Action == auditv1.Action_ACTION_UNSPECIFIED {
		return auditv1.Action_ACTION_EXECUTE
	}
	return r.Action
}

// check finds what contradicts itself in a row. It never widens a rule: a row
// that passes and is empty still denies.
func (r Row) check() error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(format, args...))
	}
	if r.Actor == Required && len(r.Peers) > 0 && (len(r.Roles) == 0 || len(r.Purposes) == 0) {
		problem("requires an actor but admits none: both roles and purposes are needed")
	}
	if r.Actor == None && len(r.Roles)+len(r.Purposes) > 0 {
		problem("has roles or purposes but asks for no actor")
	}
	if (r.Audit == Exempt) != (r.ExemptReason != "") {
		problem("an exemption and its reason go together")
	}
	if r.Audit != Exempt && len(r.Peers) > 0 && r.Action == auditv1.Action_ACTION_UNSPECIFIED {
		problem("has no action for the audit record")
	}
	if r.MaxRequestBytes < 0 {
		problem("has a negative size limit")
	}
	if i := slices.IndexFunc(r.Roles, func(x actor.Role) bool { return !x.Valid() }); i >= 0 {
		problem("names the unknown role %q", r.Roles[i])
	}
	if i := slices.IndexFunc(r.Purposes, func(x actor.Purpose) bool { return !x.Valid() }); i >= 0 {
		problem("names the unknown purpose %q", r.Purposes[i])
	}
	return errors.Join(problems...)
}

// check compares the table with the methods that are registered: each has its
// row, each row its method (invariant 1). It reports every difference at once.
func (p Policy) check(services map[string]grpc.ServiceInfo) error {
	var problems []error
	registered := make(map[string]bool)
	for service, info := range services {
		for _, method := range info.Methods {
			full := "/" + service + "/" + method.Name
			registered[full] = true
			if _, ok := p[full]; !ok {
				problems = append(problems, fmt.Errorf("%s is registered and has no row", full))
			}
		}
	}
	for _, full := range slices.Sorted(maps.Keys(p)) {
		if !registered[full] {
			problems = append(problems, fmt.Errorf("%s has a row and is not registered", full))
		}
		if err := p[full].check(); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", full, err))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("policy: %w", errors.Join(problems...))
	}
	return nil
}

// maxRequestBytes is the largest limit in the table: what the transport has to
// let through.
func (p Policy) maxRequestBytes() int {
	most := DefaultMaxRequestBytes
	for _, row := range p {
		most = max(most, row.maxRequestBytes())
	}
	return most
}
