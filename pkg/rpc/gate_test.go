package rpc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

var errDown = errors.New("the log is down")

func down(context.Context, []*auditv1.Event) error { return errDown }

func TestInvariant2NothingLeavesWithoutItsRecord(t *testing.T) {
	for _, method := range []string{read, write} {
		t.Run(method, func(t *testing.T) {
			var ran atomic.Int32
			w := newWorld(t, &audittest.Log{Before: down})
			w.handlers.unary = func(context.Context, *request) (*response, error) {
				ran.Add(1)
				return secret(), nil
			}
			w.serve()
			out, err := get(as(t.Context(), "editor"), w.dial(rpc.Gateway), method)
			wantFault(t, err, codes.Unavailable, "AUDIT_UNAVAILABLE")
			if out.GetEntry() != nil {
				t.Error("the data left")
			}
			if method == write && ran.Load() != 0 {
				t.Error("a change was begun without its intent")
			}
			if method == read && ran.Load() != 1 {
				t.Errorf("the handler of a read ran %d times", ran.Load())
			}
		})
	}
}

// Not even what a refusal says leaves without its record.
func TestInvariant2RefusalsAreRecordedFirst(t *testing.T) {
	w := newWorld(t, &audittest.Log{Before: down})
	w.handlers.unary = func(context.Context, *request) (*response, error) {
		return nil, fault.New(codes.NotFound, "ENTRY_NOT_FOUND", "no such entry")
	}
	w.serve()
	conn := w.dial(rpc.Gateway)
	for _, token := range []string{"editor", "dpo", "forged"} {
		_, err := get(as(t.Context(), token), conn, read)
		wantFault(t, err, codes.Unavailable, "AUDIT_UNAVAILABLE")
	}
}

func TestInvariant2ASlowLogHoldsTheAnswerBack(t *testing.T) {
	entered, proceed := make(chan struct{}), make(chan struct{})
	log := &audittest.Log{Before: func(context.Context, []*auditv1.Event) error {
		close(entered)
		<-proceed
		return nil
	}}
	w := newWorld(t, log).serve()
	conn := w.dial(rpc.Gateway)
	answered := make(chan error, 1)
	go func() {
		_, err := get(as(t.Context(), "editor"), conn, read)
		answered <- err
	}()
	<-entered
	select {
	case err := <-answered:
		t.Fatalf("answered (%v) while the record was not durable", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(proceed)
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if n := len(log.Events()); n != 1 {
		t.Errorf("%d records, want one", n)
	}
}

// lossy is an audit service whose first answers are lost after the events were
// kept, as when a connection breaks.
type lossy struct {
	log  *audittest.Log
	lose atomic.Int32
}

func (l *lossy) Append(ctx context.Context, r *auditv1.AppendRequest, _ ...grpc.CallOption) (*auditv1.AppendResponse, error) {
	if err := l.log.Append(ctx, r.GetEvents()...); err != nil {
		return nil, err
	}
	if l.lose.Add(-1) >= 0 {
		return nil, status.Error(codes.Unavailable, "connection lost")
	}
	return &auditv1.AppendResponse{Indexes: make([]uint64, len(r.GetEvents()))}, nil
}

type auditClient struct {
	auditv1.AuditServiceClient
	*lossy
}

func (c auditClient) Append(ctx context.Context, r *auditv1.AppendRequest, o ...grpc.CallOption) (*auditv1.AppendResponse, error) {
	return c.lossy.Append(ctx, r, o...)
}

func TestInvariant2ALostAnswerIsAskedForWithTheSameID(t *testing.T) {
	service := &lossy{log: &audittest.Log{}}
	service.lose.Store(2)
	w := newWorld(t, audit.NewClient(auditClient{lossy: service})).serve()
	if _, err := get(as(t.Context(), "editor"), w.dial(rpc.Gateway), read); err != nil {
		t.Fatal(err)
	}
	if calls, events := service.log.Calls(), len(service.log.Events()); calls != 3 || events != 1 {
		t.Errorf("%d appends left %d records, want 3 and one", calls, events)
	}
}

// store is a service's store with an outbox, in memory.
type store struct {
	mu     sync.Mutex
	events []*auditv1.Event
}

func (s *store) change(ctx context.Context) error {
	event := rpc.WriteEvent(ctx)
	if event == nil {
		return errors.New("no event for a change")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
	return nil
}

func (s *store) Pending(_ context.Context, limit int) ([]*auditv1.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events[:min(limit, len(s.events))]), nil
}

func (s *store) Delivered(_ context.Context, ids []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = slices.DeleteFunc(s.events, func(e *auditv1.Event) bool { return slices.Contains(ids, e.GetId()) })
	return nil
}

// outcomes spells records as "phase outcome status objects".
func outcomes(events []*auditv1.Event) []string {
	var out []string
	for _, e := range events {
		text := e.GetPhase().String()[len("PHASE_"):] + " " + e.GetOutcome().String()[len("OUTCOME_"):]
		if e.GetStatus() != "" {
			text += " " + e.GetStatus()
		}
		for _, o := range e.GetObjects() {
			text += " " + o.GetKind() + ":" + o.GetId()
		}
		out = append(out, text)
	}
	return out
}

func TestWhatIsRecorded(t *testing.T) {
	boom := func(context.Context, *store) error { panic("secret " + entryID) }
	for name, test := range map[string]struct {
		method string
		do     func(ctx context.Context, s *store) error
		code   codes.Code
		want   []string
	}{
		"read": {read, func(ctx context.Context, _ *store) error {
			rpc.Affects(ctx, "entry", "e1")
			rpc.Affects(ctx, "entry", "e2")
			rpc.Affects(ctx, "entry", "e1")
			return nil
		}, codes.OK, []string{"OUTCOME SUCCESS OK entry:e1 entry:e2"}},
		"read refused": {read, func(ctx context.Context, _ *store) error {
			rpc.Affects(ctx, "entry", "e1")
			return fault.New(codes.NotFound, "X", "x")
		}, codes.NotFound, []string{"OUTCOME REFUSED NOT_FOUND entry:e1"}},
		"read failed": {read, func(context.Context, *store) error { return errDown },
			codes.Internal, []string{"OUTCOME FAILURE INTERNAL"}},
		"read panics": {read, boom, codes.Internal, []string{"OUTCOME FAILURE INTERNAL"}},
		"read has no event to take": {read, func(ctx context.Context, s *store) error { return s.change(ctx) },
			codes.Internal, []string{"OUTCOME FAILURE INTERNAL"}},
		"write without a change": {write, func(ctx context.Context, _ *store) error {
			rpc.Affects(ctx, "entry", "e1")
			return nil
		}, codes.OK, []string{"INTENT PENDING", "OUTCOME SUCCESS OK entry:e1"}},
		"write": {write, func(ctx context.Context, s *store) error {
			rpc.Affects(ctx, "entry", "e1")
			return s.change(ctx)
		}, codes.OK, []string{"INTENT PENDING", "OUTCOME SUCCESS OK entry:e1"}},
		"write in two transactions": {write, func(ctx context.Context, s *store) error {
			rpc.Affects(ctx, "entry", "e1")
			err := s.change(ctx)
			rpc.Affects(ctx, "entry", "e2")
			return errors.Join(err, s.change(ctx))
		}, codes.OK, []string{"INTENT PENDING", "OUTCOME SUCCESS OK entry:e1", "OUTCOME SUCCESS OK entry:e2"}},
		"write rolled back": {write, func(ctx context.Context, _ *store) error {
			rpc.Affects(ctx, "entry", "e1")
			if rpc.WriteEvent(ctx) == nil { // and its transaction does not commit
				return errors.New("no event")
			}
			return fault.New(codes.Aborted, "X", "x")
		}, codes.Aborted, []string{"INTENT PENDING", "OUTCOME REFUSED ABORTED entry:e1"}},
		"object after the change": {write, func(ctx context.Context, s *store) error {
			err := s.change(ctx)
			rpc.Affects(ctx, "entry", "e2")
			return err
		}, codes.OK, []string{"INTENT PENDING", "OUTCOME SUCCESS OK", "OUTCOME SUCCESS OK entry:e2"}},
		"write refused": {write, func(context.Context, *store) error { return fault.New(codes.FailedPrecondition, "X", "x") },
			codes.FailedPrecondition, []string{"INTENT PENDING", "OUTCOME REFUSED FAILED_PRECONDITION"}},
		"write panics": {write, boom, codes.Internal, []string{"INTENT PENDING", "OUTCOME FAILURE INTERNAL"}},
		"a name is no id": {read, func(ctx context.Context, _ *store) error {
			rpc.Affects(ctx, "person", "José da Silva")
			return nil
		}, codes.Internal, []string{"OUTCOME FAILURE INTERNAL"}},
		"nor is a CPF": {write, func(ctx context.Context, s *store) error {
			rpc.Affects(ctx, "person", "529.982.247-25")
			return s.change(ctx)
		}, codes.Internal, []string{"INTENT PENDING", "OUTCOME FAILURE INTERNAL"}},
		"exempt": {exempt, func(context.Context, *store) error { return nil }, codes.OK, nil},
	} {
		t.Run(name, func(t *testing.T) {
			log, s := &audittest.Log{}, &store{}
			w := newWorld(t, log)
			w.options.Outbox = audit.NewOutbox(s, log, slog.New(slog.DiscardHandler), time.Now)
			w.handlers.unary = func(ctx context.Context, _ *request) (*response, error) {
				return secret(), test.do(ctx, s)
			}
			w.serve()
			out, err := get(as(t.Context(), "editor"), w.dial(rpc.Gateway), test.method)
			if status.Code(err) != test.code {
				t.Fatalf("error %v, want %v", err, test.code)
			}
			if err != nil && out.GetEntry() != nil {
				t.Error("data left with an error")
			}
			events := log.Events()
			if got := outcomes(events); !slices.Equal(got, test.want) {
				t.Errorf("recorded\n%q, want\n%q", got, test.want)
			}
			for _, e := range events {
				if err := audit.Validate(e); err != nil {
					t.Errorf("the gate made an invalid event: %v", err)
				}
				if e.GetAccessId() != events[0].GetAccessId() {
					t.Error("events of one access have several access ids")
				}
			}
		})
	}
}

func TestManyObjectsAreSeveralRecords(t *testing.T) {
	log := &audittest.Log{}
	w := newWorld(t, log)
	w.handlers.unary = func(ctx context.Context, _ *request) (*response, error) {
		for range 2*audit.MaxObjects + 1 {
			rpc.Affects(ctx, "entry", audittest.ID())
		}
		return secret(), nil
	}
	w.serve()
	if _, err := get(as(t.Context(), "editor"), w.dial(rpc.Gateway), read); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, e := range log.Events() {
		sizes = append(sizes, len(e.GetObjects()))
	}
	if want := []int{audit.MaxObjects, audit.MaxObjects, 1}; !slices.Equal(sizes, want) {
		t.Errorf("records of %v objects, want %v", sizes, want)
	}
}

// A caller that has gone has its access recorded all the same.
func TestInvariant2TheRecordOutlivesTheCaller(t *testing.T) {
	log := &audittest.Log{}
	w := newWorld(t, log)
	ctx, hangUp := context.WithCancel(as(t.Context(), "editor"))
	w.handlers.unary = func(ctx context.Context, _ *request) (*response, error) {
		rpc.Affects(ctx, "entry", "e1")
		hangUp()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	w.serve()
	_, err := get(ctx, w.dial(rpc.Gateway), read)
	wantFault(t, err, codes.Canceled, fault.ReasonCancelled)
	if err := w.stop(); err != nil { // waits for the handler
		t.Fatal(err)
	}
	if got, want := outcomes(log.Events()), []string{"OUTCOME FAILURE CANCELLED entry:e1"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestInvariant2StreamsAreRecordedBeforeTheySend(t *testing.T) {
	var broken atomic.Bool
	log := &audittest.Log{Before: func(context.Context, []*auditv1.Event) error {
		if broken.Load() {
			return errDown
		}
		return nil
	}}
	w := newWorld(t, log)
	w.handlers.stream = func(stream grpc.ServerStream) error {
		rpc.Affects(stream.Context(), "entry", "e1")
		for range 2 {
			if err := stream.SendMsg(secret()); err != nil {
				return err
			}
		}
		broken.Store(true)
		rpc.Affects(stream.Context(), "entry", "e2")
		return stream.SendMsg(secret())
	}
	w.serve()
	stream, err := w.dial(rpc.Gateway).NewStream(as(t.Context(), "editor"), &testService.Streams[0], download)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(stream.SendMsg(&request{Id: entryID}), stream.CloseSend()); err != nil {
		t.Fatal(err)
	}
	received := 0
	for {
		if err = stream.RecvMsg(new(response)); err != nil {
			break
		}
		received++
	}
	if received != 2 {
		t.Errorf("%d messages left, want the two that were recorded", received)
	}
	wantFault(t, fault.From(err), codes.Unavailable, "AUDIT_UNAVAILABLE")
	if got, want := outcomes(log.Events()), []string{"OUTCOME SUCCESS OK entry:e1"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestUploadsAreJudgedMessageByMessage(t *testing.T) {
	log := &audittest.Log{}
	w := newWorld(t, log)
	w.handlers.stream = func(stream grpc.ServerStream) error {
		for {
			switch err := stream.RecvMsg(new(request)); {
			case err == nil:
			case errors.Is(err, io.EOF):
				return stream.SendMsg(secret())
			default:
				return nil // a handler that takes a refused message for the end
			}
		}
	}
	w.serve()
	conn := w.dial(rpc.Gateway)
	send := func(ids ...string) error {
		stream, err := conn.NewStream(as(t.Context(), "editor"), &testService.Streams[1], upload)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := stream.SendMsg(&request{Id: id}); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
		}
		return errors.Join(stream.CloseSend(), stream.RecvMsg(new(response)))
	}
	if err := send(entryID, entryID); err != nil {
		t.Fatal(err)
	}
	wantFault(t, fault.From(send(entryID, "not a uuid")), codes.InvalidArgument, "REQUEST_INVALID")
	want := []string{"INTENT PENDING", "OUTCOME SUCCESS OK", "INTENT PENDING", "OUTCOME REFUSED INVALID_ARGUMENT"}
	if got := outcomes(log.Events()); !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestTheLogGetsNoTokens(t *testing.T) {
	log := &audittest.Log{Before: func(ctx context.Context, _ []*auditv1.Event) error {
		if token, ok := rpc.TokenFrom(ctx); ok {
			t.Errorf("the log is called with the token %q", token)
		}
		return nil
	}}
	w := newWorld(t, log)
	w.handlers.unary = func(ctx context.Context, _ *request) (*response, error) {
		if token, _ := rpc.TokenFrom(ctx); token != "editor" {
			t.Errorf("the handler's calls carry the token %q", token)
		}
		return secret(), nil
	}
	w.serve()
	if _, err := get(as(t.Context(), "editor"), w.dial(rpc.Gateway), write); err != nil {
		t.Fatal(err)
	}
}
