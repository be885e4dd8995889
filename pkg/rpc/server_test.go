package rpc_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

func TestEveryServerTellsItsHealthAndStatus(t *testing.T) {
	w := newWorld(t, &audittest.Log{Before: down}) // while the log is down, too
	w.options.Status.Engine = "wasmtime 44.0.0"
	w.options.Status.Components = func() []*statusv1.Component { return []*statusv1.Component{{Name: "x"}} }
	w.serve()
	for _, watcher := range []string{rpc.Gateway, rpc.Operator} {
		conn := w.dial(watcher)
		health, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil || health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("health for the %s: %v, %v", watcher, health, err)
		}
		got, err := statusv1.NewStatusServiceClient(conn).GetStatus(t.Context(), &statusv1.GetStatusRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if got.GetService() != rpc.Content || got.GetVersion() != "1.2.3" || got.GetSpiffeId() != "spiffe://hygia.test/content" ||
			got.GetEngine() != "wasmtime 44.0.0" || len(got.GetComponents()) != 1 ||
			!got.GetCertificateExpireTime().AsTime().After(time.Now()) || got.GetStartTime().AsTime().After(time.Now()) {
			t.Errorf("status %v", got)
		}
	}
	_, err := statusv1.NewStatusServiceClient(w.dial(rpc.Validation)).GetStatus(t.Context(), &statusv1.GetStatusRequest{})
	wantFault(t, err, codes.Unavailable, "AUDIT_UNAVAILABLE") // refused, and the refusal could not be recorded
}

func TestReflectionIsForDevelopmentOnly(t *testing.T) {
	for _, development := range []bool{false, true} {
		w := newWorld(t, &audittest.Log{})
		w.options.Development = development
		s, err := rpc.NewServer(w.options)
		if err != nil {
			t.Fatal(err)
		}
		offered := false
		for name := range rpc.ServiceInfo(s) {
			offered = offered || strings.Contains(name, "reflection")
		}
		if offered != development {
			t.Errorf("development %v: reflection offered is %v", development, offered)
		}
	}
}

func TestAPanicTellsNothing(t *testing.T) {
	w := newWorld(t, &audittest.Log{})
	w.handlers.unary = func(context.Context, *request) (*response, error) { panic("CPF 529.982.247-25") }
	w.serve()
	_, err := get(as(t.Context(), "editor"), w.dial(rpc.Gateway), read)
	wantFault(t, err, codes.Internal, "INTERNAL")
	logged := w.logged.String()
	if strings.Contains(logged, "529.982") || strings.Contains(err.Error(), "529.982") {
		t.Errorf("the panic's value left: %v\n%s", err, logged)
	}
	if !strings.Contains(logged, "TestAPanicTellsNothing") || !strings.Contains(logged, `"panic_type":"string"`) {
		t.Errorf("the log does not say where it panicked: %s", logged)
	}
}

func TestServeDrains(t *testing.T) {
	w := newWorld(t, &audittest.Log{})
	running, proceed := make(chan struct{}), make(chan struct{})
	w.handlers.unary = func(context.Context, *request) (*response, error) {
		close(running)
		<-proceed
		return secret(), nil
	}
	w.serve()
	conn := w.dial(rpc.Gateway)
	answered := make(chan error, 1)
	go func() {
		_, err := get(as(t.Context(), "editor"), conn, read)
		answered <- err
	}()
	<-running
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	select {
	case err := <-stopped:
		t.Fatalf("Serve ended (%v) with a call running", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(proceed)
	if err := <-answered; err != nil {
		t.Errorf("the running call: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestTheIdentityMustBeTheService(t *testing.T) {
	w := newWorld(t, &audittest.Log{})
	w.options.Service = rpc.Audit
	if _, err := rpc.NewServer(w.options); err == nil {
		t.Error("a server of the audit service was made with the identity of content")
	}
}

func TestDeadlineBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			left      time.Duration // 0: none
			streaming bool
			want      time.Duration // of the handler; 0: refused
		}{
			"a hop keeps 20 ms":     {time.Second, false, 980 * time.Millisecond},
			"just enough":           {50 * time.Millisecond, false, 30 * time.Millisecond},
			"too little":            {49 * time.Millisecond, false, 0},
			"none":                  {0, false, 30*time.Second - 20*time.Millisecond},
			"none, stream":          {0, true, 15*time.Minute - 20*time.Millisecond},
			"more than a call gets": {time.Hour, false, 30*time.Second - 20*time.Millisecond},
		} {
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if test.left > 0 {
				ctx, cancel = context.WithTimeout(ctx, test.left)
			}
			got, err := rpc.Budget(ctx, test.streaming)
			cancel()
			if test.want == 0 {
				wantFault(t, err, codes.DeadlineExceeded, "DEADLINE_TOO_CLOSE")
			} else if err != nil || got != test.want {
				t.Errorf("%s: the handler has %v, %v; want %v", name, got, err, test.want)
			}
		}
	})
}

func TestBackgroundJobsAreGated(t *testing.T) {
	job := rpc.Job{Method: "/hygia.content.v1.ContentService/PublishScheduled", Action: auditv1.Action_ACTION_UPDATE, Tenant: audittest.Tenant}
	newServer := func(log *audittest.Log) *rpc.Server {
		s, err := rpc.NewServer(newWorld(t, log).options)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("no intent, no job", func(t *testing.T) {
		err := newServer(&audittest.Log{Before: down}).Background(t.Context(), job, func(context.Context) error {
			t.Error("the job ran")
			return nil
		})
		wantFault(t, err, codes.Unavailable, "AUDIT_UNAVAILABLE")
	})
	t.Run("for a person", func(t *testing.T) {
		log, job := &audittest.Log{}, job
		job.Actor, job.Tenant = &editor, ""
		err := newServer(log).Background(t.Context(), job, func(ctx context.Context) error {
			if a, ok := actor.From(ctx); !ok || a.Person != editor.Person {
				t.Error("the job does not know its actor")
			}
			if rpc.WriteEvent(ctx) == nil {
				t.Error("the job has no event for its store")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := log.Events(); len(got) != 1 || got[0].GetPerson() != editor.Person || got[0].GetPeer() != got[0].GetService() {
			t.Errorf("recorded %v, want the intent alone", got)
		}
	})
	t.Run("a panic is a failure", func(t *testing.T) {
		log := &audittest.Log{}
		err := newServer(log).Background(t.Context(), job, func(context.Context) error { panic("x") })
		if status.Code(err) != codes.Internal || len(log.Events()) != 2 {
			t.Errorf("%v; recorded %q", err, outcomes(log.Events()))
		}
	})
	t.Run("not across tenants", func(t *testing.T) {
		job := job
		other := editor
		other.Tenant = audittest.ID()
		job.Actor = &other
		if err := newServer(&audittest.Log{}).Background(t.Context(), job, func(context.Context) error { return nil }); err == nil {
			t.Error("a job was begun in another tenant than its actor's")
		}
	})
}

func TestClientOptionsAreRequired(t *testing.T) {
	w := newWorld(t, &audittest.Log{})
	full := rpc.ClientOptions{Target: "127.0.0.1:1", Service: rpc.Audit, Identity: w.options.Identity, Telemetry: newTelemetry(t, io.Discard)}
	for name, cut := range map[string]func(*rpc.ClientOptions){
		"target":    func(o *rpc.ClientOptions) { o.Target = "" },
		"service":   func(o *rpc.ClientOptions) { o.Service = "" },
		"identity":  func(o *rpc.ClientOptions) { o.Identity = nil },
		"telemetry": func(o *rpc.ClientOptions) { o.Telemetry = nil },
	} {
		o := full
		cut(&o)
		if _, err := rpc.Dial(t.Context(), o); err == nil {
			t.Errorf("Dial without %s", name)
		}
	}
}
