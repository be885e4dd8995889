// Package leaf is the form in which an event stands in the log: the bytes that
// the Merkle tree hashes, and that a verifier reads without any of our code.
//
// A leaf is one JSON object (RFC 8259), UTF-8, without white space outside of
// strings. Its keys are these, each present, in this order:
//
//	v         the number 1, the version of this form
//	id        UUIDv7
//	accessId  UUIDv7, joins an intent and its outcome
//	time      RFC 3339, UTC, milliseconds
//	service   SPIFFE id of the service that acted
//	method    full gRPC method
//	action    create, read, update, delete or execute
//	phase     intent or outcome
//	outcome   pending, success, refused or failure
//	status    canonical gRPC status name; "" in an intent
//	peer      SPIFFE id of the peer that called
//	tenant    UUID, or ""
//	person    UUID, or ""
//	roles     array of strings
//	purpose   a word, or ""
//	objects   array of {"kind": a word, "id": a permanent id}
//
// What audit.Validate admits needs no escapes in JSON, so the bytes of an event
// are the same whoever writes them. Leaves are at most 64 KiB (tlog-tiles).
package leaf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hygia-suite/hygia/pkg/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// MaxBytes bounds a leaf: the length of an entry in a tlog-tiles bundle has 16
// bits.
const MaxBytes = 1<<16 - 1

const version = 1

// document is the JSON object; the order of its fields is the order of the keys.
type document struct {
	Version  int      `json:"v"`
	ID       string   `json:"id"`
	AccessID string   `json:"accessId"`
	Time     string   `json:"time"`
	Service  string   `json:"service"`
	Method   string   `json:"method"`
	Action   string   `json:"action"`
	Phase    string   `json:"phase"`
	Outcome  string   `json:"outcome"`
	Status   string   `json:"status"`
	Peer     string   `json:"peer"`
	Tenant   string   `json:"tenant"`
	Person   string   `json:"person"`
	Roles    []string `json:"roles"`
	Purpose  string   `json:"purpose"`
	Objects  []object `json:"objects"`
}

type object struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// Encode returns the leaf of an event. It refuses what audit.Validate refuses.
func Encode(event *auditv1.Event) ([]byte, error) {
	if err := audit.Validate(event); err != nil {
		return nil, err
	}
	d := document{
		Version: version, ID: event.GetId(), AccessID: event.GetAccessId(), Time: event.GetTime(),
		Service: event.GetService(), Method: event.GetMethod(), Action: actions.name(event.GetAction()),
		Phase: phases.name(event.GetPhase()), Outcome: outcomes.name(event.GetOutcome()), Status: event.GetStatus(),
		Peer: event.GetPeer(), Tenant: event.GetTenant(), Person: event.GetPerson(), Purpose: event.GetPurpose(),
		Roles:   append([]string{}, event.GetRoles()...), // an empty array, never null
		Objects: make([]object, len(event.GetObjects())),
	}
	for i, o := range event.GetObjects() {
		d.Objects[i] = object{Kind: o.GetKind(), ID: o.GetId()}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("encode leaf: %w", err)
	}
	leaf := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if len(leaf) > MaxBytes {
		return nil, fmt.Errorf("event: its leaf is larger than %d bytes", MaxBytes)
	}
	return leaf, nil
}

// ErrMalformed says that bytes are not a leaf of this form.
var ErrMalformed = errors.New("malformed leaf")

// Decode returns the event of a leaf. It accepts exactly what Encode returns:
// any other spelling of the same JSON is malformed.
func Decode(leaf []byte) (*auditv1.Event, error) {
	if len(leaf) > MaxBytes {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(leaf))
	decoder.DisallowUnknownFields()
	var d document
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("%w: not its JSON", ErrMalformed)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) || d.Version != version {
		return nil, fmt.Errorf("%w: another version, or something behind it", ErrMalformed)
	}
	event := d.event()
	again, err := Encode(event)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if !bytes.Equal(again, leaf) {
		return nil, fmt.Errorf("%w: not canonical", ErrMalformed)
	}
	return event, nil
}

func (d document) event() *auditv1.Event {
	event := &auditv1.Event{
		Id: d.ID, AccessId: d.AccessID, Time: d.Time, Service: d.Service, Method: d.Method,
		Action: actions.value(d.Action), Phase: phases.value(d.Phase), Outcome: outcomes.value(d.Outcome),
		Status: d.Status, Peer: d.Peer, Tenant: d.Tenant, Person: d.Person, Purpose: d.Purpose,
		Roles: d.Roles,
	}
	for _, o := range d.Objects {
		event.Objects = append(event.Objects, &auditv1.Object{Kind: o.Kind, Id: o.ID})
	}
	return event
}
