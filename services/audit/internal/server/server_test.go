package server_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

func wantReason(t *testing.T, what string, err error, code codes.Code, reason string) {
	t.Helper()
	if status.Code(err) != code || fault.From(err).Reason != reason {
		t.Errorf("%s: %v, want %v %s", what, err, code, reason)
	}
}

func TestAppendIsForServicesThatSpeakForThemselves(t *testing.T) {
	w := newWorld(t)
	foreign := audittest.Event()
	foreign.Service = "spiffe://hygia.test/accounts"
	_, err := w.content.Append(t.Context(), &auditv1.AppendRequest{Events: []*auditv1.Event{audittest.Event(), foreign}})
	wantReason(t, "an event in another service's name", err, codes.PermissionDenied, "EVENT_NOT_OWN")
	for _, peer := range []string{rpc.Audit, rpc.Operator} {
		own := audittest.Event()
		own.Service = "spiffe://hygia.test/" + peer
		_, err := auditv1.NewAuditServiceClient(w.dial(t, peer)).Append(t.Context(), &auditv1.AppendRequest{Events: []*auditv1.Event{own}})
		wantReason(t, "Append by "+peer, err, codes.PermissionDenied, "PEER_NOT_ALLOWED")
	}
	_, err = w.content.Append(t.Context(), &auditv1.AppendRequest{})
	wantReason(t, "Append of nothing", err, codes.InvalidArgument, "REQUEST_INVALID")
	bad := audittest.Event()
	bad.Objects[0].Id = "Maria Souza"
	_, err = w.content.Append(t.Context(), &auditv1.AppendRequest{Events: []*auditv1.Event{bad}})
	wantReason(t, "a name in an event", err, codes.InvalidArgument, "EVENT_INVALID")
	if strings.Contains(err.Error(), "Maria") {
		t.Errorf("the refusal repeats the name: %v", err)
	}
	event := audittest.Event()
	w.append(t, event)
	event.Method += "2"
	_, err = w.content.Append(t.Context(), &auditv1.AppendRequest{Events: []*auditv1.Event{event}})
	wantReason(t, "a second content for an id", err, codes.AlreadyExists, "EVENT_ID_CONFLICT")
}

func TestOnlyAuditorsSeeTheTrail(t *testing.T) {
	w := newWorld(t)
	event := audittest.Event()
	w.append(t, event)
	_, err := w.gateway.ListEvents(as(t.Context(), "editor"), &auditv1.ListEventsRequest{})
	wantReason(t, "an editor", err, codes.PermissionDenied, "ROLE_NOT_ALLOWED")
	_, err = w.gateway.GetEvent(t.Context(), &auditv1.GetEventRequest{Id: event.GetId()})
	wantReason(t, "nobody", err, codes.Unauthenticated, "TOKEN_MISSING")
	_, err = w.content.GetEvent(as(t.Context(), "dpo"), &auditv1.GetEventRequest{Id: event.GetId()})
	wantReason(t, "another service", err, codes.PermissionDenied, "PEER_NOT_ALLOWED")
	got, err := w.gateway.GetEvent(as(t.Context(), "dpo"), &auditv1.GetEventRequest{Id: event.GetId()})
	if err != nil || !proto.Equal(got.GetEvent().GetEvent(), event) {
		t.Errorf("GetEvent = %v, %v; want the event that was appended", got, err)
	}
}

func TestInvariant8EachTenantSeesItsOwnEvents(t *testing.T) {
	w := newWorld(t)
	theirs := audittest.Event()
	theirs.Tenant = otherTenant
	w.append(t, audittest.Event(), theirs)
	ctx := as(t.Context(), "dpo")
	list, err := w.gateway.ListEvents(ctx, &auditv1.ListEventsRequest{})
	if err != nil || len(list.GetEvents()) != 1 || list.GetEvents()[0].GetEvent().GetTenant() != audittest.Tenant {
		t.Errorf("ListEvents = %v, %v; want the tenant's one event", list, err)
	}
	_, err = w.gateway.GetEvent(ctx, &auditv1.GetEventRequest{Id: theirs.GetId()})
	wantReason(t, "GetEvent", err, codes.NotFound, "EVENT_NOT_FOUND")
	_, err = w.gateway.GetInclusionProof(ctx, &auditv1.GetInclusionProofRequest{Id: theirs.GetId()})
	wantReason(t, "GetInclusionProof", err, codes.NotFound, "EVENT_NOT_FOUND")
	_, err = w.gateway.FormatEvent(ctx, &auditv1.FormatEventRequest{Id: theirs.GetId(), Form: "fhir-audit-event"})
	wantReason(t, "FormatEvent", err, codes.NotFound, "EVENT_NOT_FOUND")
	if _, err := w.gateway.GetEvent(as(t.Context(), "other"), &auditv1.GetEventRequest{Id: theirs.GetId()}); err != nil {
		t.Errorf("its own tenant: %v", err)
	}
}

// Looking at the trail leaves a trace in it.
func TestInvariant2LooksAreRecorded(t *testing.T) {
	w := newWorld(t)
	event := audittest.Event()
	w.append(t, event)
	ctx := as(t.Context(), "dpo")
	if _, err := w.gateway.GetEvent(ctx, &auditv1.GetEventRequest{Id: event.GetId()}); err != nil {
		t.Fatal(err)
	}
	list, err := w.gateway.ListEvents(ctx, &auditv1.ListEventsRequest{Method: auditv1.AuditService_GetEvent_FullMethodName})
	if err != nil || len(list.GetEvents()) != 1 {
		t.Fatalf("ListEvents = %v, %v; want the record of GetEvent", list, err)
	}
	got := list.GetEvents()[0].GetEvent()
	if got.GetService() != "spiffe://hygia.test/audit" || got.GetPerson() != audittest.Person || got.GetStatus() != "OK" ||
		len(got.GetObjects()) != 1 || got.GetObjects()[0].GetId() != event.GetId() {
		t.Errorf("the look is recorded as %v", got)
	}
}

func TestListFiltersAndPages(t *testing.T) {
	w := newWorld(t)
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var all []*auditv1.Event
	for i := range 23 {
		e := audittest.Event()
		e.Time = start.Add(time.Duration(i) * time.Second).Format(audit.TimeFormat)
		e.Objects[0].Id = "object-" + string(rune('a'+i%3))
		if i%2 == 0 {
			e.Method = "/hygia.content.v1.ContentService/UpdateEntry"
		}
		if i%5 == 0 {
			e.Person = "0192f0c1-0000-7000-8000-0000000000aa"
		}
		all = append(all, e)
	}
	w.append(t, all...)
	second := func(n int) *timestamppb.Timestamp { return timestamppb.New(start.Add(time.Duration(n) * time.Second)) }
	for name, test := range map[string]struct {
		request *auditv1.ListEventsRequest
		want    func(i int, e *auditv1.Event) bool
	}{
		"person": {&auditv1.ListEventsRequest{Person: "0192f0c1-0000-7000-8000-0000000000aa"}, func(i int, _ *auditv1.Event) bool { return i%5 == 0 }},
		"object": {&auditv1.ListEventsRequest{Object: "object-b"}, func(i int, _ *auditv1.Event) bool { return i%3 == 1 }},
		"method": {&auditv1.ListEventsRequest{Method: "/hygia.content.v1.ContentService/UpdateEntry"}, func(i int, _ *auditv1.Event) bool { return i%2 == 0 }},
		"time":   {&auditv1.ListEventsRequest{Since: second(3), Until: second(9)}, func(i int, _ *auditv1.Event) bool { return i >= 3 && i < 9 }},
		"all of them": {&auditv1.ListEventsRequest{Method: "/hygia.content.v1.ContentService/UpdateEntry", Object: "object-a", Until: second(20)},
			func(i int, _ *auditv1.Event) bool { return i%6 == 0 && i < 20 }},
		"everything": {&auditv1.ListEventsRequest{Until: second(100)}, func(int, *auditv1.Event) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for i, e := range all {
				if test.want(i, e) {
					want = append(want, e.GetId())
				}
			}
			slices.Reverse(want)
			var got []string
			request := proto.CloneOf(test.request)
			request.PageSize = 4
			for page := 0; page < 10; page++ {
				list, err := w.gateway.ListEvents(as(t.Context(), "dpo"), request)
				if err != nil {
					t.Fatal(err)
				}
				if n := len(list.GetEvents()); n > 4 || n == 0 {
					t.Fatalf("a page of %d", n)
				}
				for _, e := range list.GetEvents() {
					got = append(got, e.GetEvent().GetId())
				}
				if request.PageToken = list.GetNextPageToken(); request.PageToken == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("listed %d events, want %d, newest first", len(got), len(want))
			}
		})
	}
}

func TestAPageTokenBelongsToItsList(t *testing.T) {
	w := newWorld(t)
	w.append(t, audittest.Event(), audittest.Event(), audittest.Event())
	ctx := as(t.Context(), "dpo")
	list, err := w.gateway.ListEvents(ctx, &auditv1.ListEventsRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []*auditv1.ListEventsRequest{
		{PageToken: list.GetNextPageToken(), Person: audittest.Person},
		{PageToken: "AAAA"},
		{PageToken: "not base64!"},
		{PageToken: strings.Repeat("A", 22)},
	} {
		_, err := w.gateway.ListEvents(ctx, request)
		wantReason(t, "token "+request.GetPageToken(), err, codes.InvalidArgument, "PAGE_TOKEN_INVALID")
	}
	_, err = w.gateway.ListEvents(ctx, &auditv1.ListEventsRequest{Since: &timestamppb.Timestamp{Nanos: -1}})
	wantReason(t, "no time", err, codes.InvalidArgument, "TIME_INVALID")
}

func TestFormatEvent(t *testing.T) {
	w := newWorld(t)
	event := audittest.Event()
	w.append(t, event)
	ctx := as(t.Context(), "dpo")
	got, err := w.gateway.FormatEvent(ctx, &auditv1.FormatEventRequest{Id: event.GetId(), Form: "fhir-audit-event"})
	if err != nil {
		t.Fatal(err)
	}
	var resource struct{ ResourceType, Action string }
	if err := json.Unmarshal([]byte(got.GetText()), &resource); err != nil || resource.ResourceType != "AuditEvent" || resource.Action != "R" {
		t.Errorf("the form is %s, %v", got.GetText(), err)
	}
	if !strings.HasPrefix(got.GetMediaType(), "application/fhir+json") {
		t.Errorf("the media type is %q", got.GetMediaType())
	}
	_, err = w.gateway.FormatEvent(ctx, &auditv1.FormatEventRequest{Id: event.GetId(), Form: "cadf"})
	wantReason(t, "a form that is not installed", err, codes.NotFound, "FORM_UNKNOWN")
}
