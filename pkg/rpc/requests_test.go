package rpc_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

// unknown is a field that no message of ours has.
var unknown = protowire.AppendVarint(protowire.AppendTag(nil, 536870911, protowire.VarintType), 1)

func TestInvariant9RequestsAreJudged(t *testing.T) {
	w := newWorld(t, &audittest.Log{}).serve()
	conn := w.dial(rpc.Gateway)
	surplus := &request{Id: entryID}
	surplus.ProtoReflect().SetUnknown(unknown)
	for name, test := range map[string]struct {
		request *request
		code    codes.Code
		reason  string
		field   string
	}{
		"valid":         {&request{Id: entryID}, codes.OK, "", ""},
		"breaks a rule": {&request{Id: "529.982.247-25"}, codes.InvalidArgument, "REQUEST_INVALID", "id"},
		"unknown field": {surplus, codes.InvalidArgument, "UNKNOWN_FIELD", "GetEntryRequest"},
		"too large":     {&request{Id: strings.Repeat("x", 4096)}, codes.ResourceExhausted, "REQUEST_TOO_LARGE", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := conn.Invoke(as(t.Context(), "editor"), read, test.request, new(response))
			if test.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantFault(t, err, test.code, test.reason)
			refusal := fault.From(err)
			if test.field != "" && (len(refusal.Fields) == 0 || refusal.Fields[0].Path != test.field) {
				t.Errorf("refused fields %v, want %s", refusal.Fields, test.field)
			}
			if text := refusal.Error() + refusal.Hint; strings.Contains(text, "529") {
				t.Errorf("the refusal repeats the value: %s", text)
			}
			for _, field := range refusal.Fields {
				if strings.Contains(field.Message, "529") {
					t.Errorf("the refusal repeats the value: %s", field.Message)
				}
			}
		})
	}
}

func TestInvariant9UnknownFieldsAreFoundAtAnyDepth(t *testing.T) {
	nested := &auditv1.AppendRequest{Events: []*auditv1.Event{{Objects: []*auditv1.Object{{}, {Kind: "entry"}}}}}
	if err := rpc.CheckKnown(nested); err != nil {
		t.Fatalf("a message without unknown fields is refused: %v", err)
	}
	nested.Events[0].Objects[1].ProtoReflect().SetUnknown(unknown)
	wantFault(t, rpc.CheckKnown(nested), codes.InvalidArgument, "UNKNOWN_FIELD")
	single := &contentv1.GetEntryResponse{Entry: &contentv1.Entry{}}
	single.Entry.ProtoReflect().SetUnknown(unknown)
	wantFault(t, rpc.CheckKnown(single), codes.InvalidArgument, "UNKNOWN_FIELD")
}

func TestInvariant9DepthIsBounded(t *testing.T) {
	// Request, event, object: three levels.
	m := &auditv1.AppendRequest{Events: []*auditv1.Event{{Objects: []*auditv1.Object{{Kind: "entry"}}}}}
	if err := rpc.CheckKnownTo(m, 3); err != nil {
		t.Fatal(err)
	}
	wantFault(t, rpc.CheckKnownTo(m, 2), codes.InvalidArgument, "REQUEST_TOO_DEEP")
}

func FuzzCheckKnown(f *testing.F) {
	seed, err := proto.Marshal(&auditv1.AppendRequest{Events: []*auditv1.Event{audittest.Event()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(append(seed, unknown...))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := new(auditv1.AppendRequest)
		if proto.Unmarshal(data, m) != nil || rpc.CheckKnown(m) != nil {
			return
		}
		// What passed has nothing but known fields: dropping unknown ones, as a
		// service that stores it would, loses nothing.
		kept := new(auditv1.AppendRequest)
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, kept); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(m, kept) {
			t.Errorf("a message with an unknown field passed: %x", data)
		}
	})
}
