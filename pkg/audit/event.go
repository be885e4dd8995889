package audit

import (
	"fmt"
	"regexp"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// TimeFormat is the layout of an event's time: RFC 3339, UTC, milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// Bounds on one event.
const (
	// MaxEventBytes bounds an event's protobuf encoding. The log's leaf, which
	// is JSON and a little larger, must stay under tlog-tiles' 64 KiB.
	MaxEventBytes = 48 << 10
	// MaxObjects bounds the objects of one event.
	MaxObjects = 256
	maxRoles   = 16
)

// The shapes of an event's texts. None of them admits a space, an accent or an
// at sign: neither a name, nor an e-mail address, nor a sentence fits. Nor does
// a bare CPF, CNPJ or CNS as an object's id.
var (
	uuidV7   = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	uuid     = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	spiffeID = regexp.MustCompile(`^spiffe://[a-z0-9._-]{1,255}(/[A-Za-z0-9._-]{1,64}){1,8}$`)
	method   = regexp.MustCompile(`^/[A-Za-z][A-Za-z0-9_.]{0,126}/[A-Za-z][A-Za-z0-9_]{0,126}$`)
	word     = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	objectID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}$`)
	// digits is what a Brazilian civil or health identifier looks like, with or
	// without its punctuation: at least ten digits (a telephone number) and nothing else.
	digits = regexp.MustCompile(`^[0-9./-]{10,}$`)
)

// Validate checks an event against the log's rules and names the first field
// that breaks one, never its value. The log refuses what Validate refuses.
func Validate(event *auditv1.Event) error {
	if event == nil {
		return fmt.Errorf("event: is missing")
	}
	if proto.Size(event) > MaxEventBytes {
		return fmt.Errorf("event: is larger than %d bytes", MaxEventBytes)
	}
	if len(event.ProtoReflect().GetUnknown()) > 0 {
		return fmt.Errorf("event: has unknown fields")
	}
	for _, check := range []func(*auditv1.Event) error{checkTexts, checkEnums, checkLists} {
		if err := check(event); err != nil {
			return err
		}
	}
	return nil
}

func checkTexts(e *auditv1.Event) error {
	for _, f := range []struct {
		name, value string
		shape       *regexp.Regexp
		optional    bool
	}{
		{"id", e.GetId(), uuidV7, false},
		{"access_id", e.GetAccessId(), uuidV7, false},
		{"service", e.GetService(), spiffeID, false},
		{"method", e.GetMethod(), method, false},
		{"peer", e.GetPeer(), spiffeID, false},
		{"tenant", e.GetTenant(), uuid, true},
		{"person", e.GetPerson(), uuid, true},
		{"purpose", e.GetPurpose(), word, true},
	} {
		if f.value == "" && f.optional {
			continue
		}
		if !f.shape.MatchString(f.value) {
			return fmt.Errorf("event.%s: is malformed", f.name)
		}
	}
	if at, err := time.Parse(TimeFormat, e.GetTime()); err != nil || at.Format(TimeFormat) != e.GetTime() {
		return fmt.Errorf("event.time: is not RFC 3339 with milliseconds, UTC")
	}
	if (e.GetPerson() == "") != (e.GetPurpose() == "") {
		return fmt.Errorf("event.purpose: a person and a purpose go together")
	}
	return nil
}

func checkEnums(e *auditv1.Event) error {
	if e.GetAction() < auditv1.Action_ACTION_CREATE || e.GetAction() > auditv1.Action_ACTION_EXECUTE {
		return fmt.Errorf("event.action: is not one of the actions")
	}
	switch e.GetPhase() {
	case auditv1.Phase_PHASE_INTENT:
		if e.GetOutcome() != auditv1.Outcome_OUTCOME_PENDING || e.GetStatus() != "" {
			return fmt.Errorf("event.outcome: an intent is pending and has no status")
		}
	case auditv1.Phase_PHASE_OUTCOME:
		return checkOutcome(e)
	default:
		return fmt.Errorf("event.phase: is not one of the phases")
	}
	return nil
}

func checkOutcome(e *auditv1.Event) error {
	code, ok := codeOf[e.GetStatus()]
	if !ok {
		return fmt.Errorf("event.status: is not a canonical status name")
	}
	switch e.GetOutcome() {
	case auditv1.Outcome_OUTCOME_SUCCESS:
		ok = code == codes.OK
	case auditv1.Outcome_OUTCOME_REFUSED, auditv1.Outcome_OUTCOME_FAILURE:
		ok = code != codes.OK
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("event.outcome: does not go with the status")
	}
	return nil
}

func checkLists(e *auditv1.Event) error {
	if len(e.GetRoles()) > maxRoles {
		return fmt.Errorf("event.roles: are more than %d", maxRoles)
	}
	for i, role := range e.GetRoles() {
		if !word.MatchString(role) {
			return fmt.Errorf("event.roles[%d]: is malformed", i)
		}
	}
	if len(e.GetObjects()) > MaxObjects {
		return fmt.Errorf("event.objects: are more than %d", MaxObjects)
	}
	for i, object := range e.GetObjects() {
		if err := ValidateObject(object.GetKind(), object.GetId()); err != nil {
			return fmt.Errorf("event.objects[%d].%w", i, err)
		}
	}
	return nil
}

// ValidateObject checks the kind and the id under which an event may name an
// object. The kind is a lower-case word; the id at most 128 letters, digits and
// . _ : / + = - and not a number that may be a person's (invariant 3).
func ValidateObject(kind, id string) error {
	switch {
	case !word.MatchString(kind):
		return fmt.Errorf("kind: is malformed")
	case !objectID.MatchString(id):
		return fmt.Errorf("id: is malformed")
	case digits.MatchString(id) && !uuid.MatchString(id): // a UUID may happen to have no letter
		return fmt.Errorf("id: may be a person's number")
	}
	return nil
}
