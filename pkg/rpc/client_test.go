package rpc_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

// The next hop sees the same person, and verifies the token itself.
func TestTheActorGoesAlong(t *testing.T) {
	next := newWorld(t, &audittest.Log{})
	var seen actor.Actor
	next.handlers.unary = func(ctx context.Context, _ *request) (*response, error) {
		seen, _ = actor.From(ctx)
		return secret(), nil
	}
	next.serve()
	first := newWorld(t, &audittest.Log{})
	conn := next.dial(rpc.Gateway)
	first.handlers.unary = func(ctx context.Context, _ *request) (*response, error) { return get(ctx, conn, read) }
	first.serve()
	if _, err := get(as(t.Context(), "editor"), first.dial(rpc.Gateway), hop); err != nil {
		t.Fatal(err)
	}
	if seen.Person != editor.Person {
		t.Errorf("the next hop acts for %+v", seen)
	}
}

func TestTwoTokensAreNone(t *testing.T) {
	w := newWorld(t, &audittest.Log{}).serve()
	ctx := metadata.AppendToOutgoingContext(t.Context(), actor.MetadataKey, "editor", actor.MetadataKey, "dpo")
	_, err := get(ctx, w.dial(rpc.Gateway), read)
	wantFault(t, err, codes.Unauthenticated, "TOKEN_INVALID")
}

func TestADeadServiceIsToldSoon(t *testing.T) {
	w := newWorld(t, &audittest.Log{})
	lis := listen(t)
	w.addr = lis.Addr().String()
	if err := lis.Close(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	_, err := get(t.Context(), w.dial(rpc.Gateway), read) // no deadline of its own
	wantFault(t, err, codes.Unavailable, "SERVICE_UNREACHABLE")
	if took := time.Since(started); took > 6*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestACallWaitsForAServiceThatStarts(t *testing.T) {
	w := newWorld(t, &audittest.Log{})
	lis := listen(t)
	w.addr = lis.Addr().String()
	if err := lis.Close(); err != nil {
		t.Fatal(err)
	}
	conn := w.dial(rpc.Gateway)
	answered := make(chan error, 1)
	go func() {
		_, err := get(as(t.Context(), "editor"), conn, read)
		answered <- err
	}()
	s, err := rpc.NewServer(w.options)
	if err != nil {
		t.Fatal(err)
	}
	s.GRPC().RegisterService(&testService, w.handlers)
	late, err := net.Listen("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, late) }()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// flaky is a content service that is UNAVAILABLE at first.
type flaky struct {
	contentv1.UnimplementedContentServiceServer
	left, calls atomic.Int32
}

func (f *flaky) answer() error {
	f.calls.Add(1)
	if f.left.Add(-1) >= 0 {
		return fault.New(codes.Unavailable, "BUSY", "try again")
	}
	return nil
}

func (f *flaky) GetEntry(context.Context, *contentv1.GetEntryRequest) (*contentv1.GetEntryResponse, error) {
	return secret(), f.answer()
}

func (f *flaky) TrashEntry(context.Context, *contentv1.TrashEntryRequest) (*contentv1.TrashEntryResponse, error) {
	return &contentv1.TrashEntryResponse{}, f.answer()
}

// serveFlaky starts a content service, for anybody's reads and changes.
func serveFlaky(t *testing.T, log *audittest.Log) (*flaky, contentv1.ContentServiceClient) {
	t.Helper()
	service := &flaky{}
	w := newWorld(t, log)
	w.options.Policy = rpc.Policy{}
	for _, m := range contentv1.ContentService_ServiceDesc.Methods {
		w.options.Policy["/"+contentv1.ContentService_ServiceDesc.ServiceName+"/"+m.MethodName] = rpc.Row{
			Peers: []string{rpc.Gateway}, Actor: rpc.None, Action: auditv1.Action_ACTION_READ,
		}
	}
	s, err := rpc.NewServer(w.options)
	if err != nil {
		t.Fatal(err)
	}
	contentv1.RegisterContentServiceServer(s.GRPC(), service)
	lis := listen(t)
	w.addr = lis.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, lis) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return service, contentv1.NewContentServiceClient(w.dial(rpc.Gateway))
}

func TestOnlyReadsAreTriedAgain(t *testing.T) {
	service, client := serveFlaky(t, &audittest.Log{})
	service.left.Store(2)
	if _, err := client.GetEntry(t.Context(), &contentv1.GetEntryRequest{Id: entryID}); err != nil || service.calls.Load() != 3 {
		t.Errorf("a read that is UNAVAILABLE twice: %v after %d calls, want success after 3", err, service.calls.Load())
	}
	service.left.Store(1)
	service.calls.Store(0)
	_, err := client.TrashEntry(t.Context(), &contentv1.TrashEntryRequest{Id: entryID})
	wantFault(t, err, codes.Unavailable, "BUSY")
	if n := service.calls.Load(); n != 1 {
		t.Errorf("a change was tried %d times", n)
	}
}

func TestAReadIsNotRepeatedWhileTheLogIsDown(t *testing.T) {
	service, client := serveFlaky(t, &audittest.Log{Before: down})
	_, err := client.GetEntry(t.Context(), &contentv1.GetEntryRequest{Id: entryID})
	wantFault(t, err, codes.Unavailable, "AUDIT_UNAVAILABLE")
	if n := service.calls.Load(); n != 1 {
		t.Errorf("the read was tried %d times", n)
	}
}
