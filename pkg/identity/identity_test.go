package identity_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
)

func TestPeersProveThemselves(t *testing.T) {
	ca := identitytest.NewCA(t, "hygia.local")
	content, gateway := ca.Source(t, "content"), ca.Source(t, "gateway")
	h, addr := serve(t, content.ServerCredentials(ca.ID("gateway"), ca.ID("audit")))
	if err := call(t, dial(t, addr, gateway.ClientCredentials(ca.ID("content")))); err != nil {
		t.Fatal(err)
	}
	if got := h.caller(); got != "spiffe://hygia.local/gateway" {
		t.Errorf("the server saw %q", got)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	ca, other := identitytest.NewCA(t, "hygia.local"), identitytest.NewCA(t, "hygia.local")
	foreign := identitytest.NewCA(t, "elsewhere.example")
	content, gateway := ca.Source(t, "content"), ca.Source(t, "gateway")
	id := ca.ID
	for name, c := range map[string]struct {
		server, client credentials.TransportCredentials
	}{
		"client not listed":     {content.ServerCredentials(id("audit")), gateway.ClientCredentials(id("content"))},
		"server lists nobody":   {content.ServerCredentials(), gateway.ClientCredentials(id("content"))},
		"server not expected":   {content.ServerCredentials(id("gateway")), gateway.ClientCredentials(id("audit"))},
		"client expects nobody": {content.ServerCredentials(id("gateway")), gateway.ClientCredentials()},
		"zero identity listed":  {content.ServerCredentials(spiffeid.ID{}), gateway.ClientCredentials(id("content"))},
		"another authority":     {content.ServerCredentials(id("gateway")), other.Source(t, "gateway").ClientCredentials(id("content"))},
		"another trust domain":  {content.ServerCredentials(foreign.ID("gateway")), foreign.Source(t, "gateway").ClientCredentials(id("content"))},
		"no TLS":                {content.ServerCredentials(id("gateway")), insecure.NewCredentials()},
		"TLS 1.2":               {content.ServerCredentials(id("gateway")), old(t, ca, gateway)},
		"TLS without a certificate": {content.ServerCredentials(id("gateway")),
			credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13})},
	} {
		t.Run(name, func(t *testing.T) {
			h, addr := serve(t, c.server)
			err := call(t, dial(t, addr, c.client))
			if status.Code(err) != codes.Unavailable {
				t.Errorf("%v", err)
			}
			if h.caller() != "" {
				t.Error("the handler ran")
			}
		})
	}
}

// old is a client with a good certificate and no TLS 1.3.
func old(t *testing.T, _ *identitytest.CA, s *identity.Source) credentials.TransportCredentials {
	svid, err := s.GetX509SVID()
	if err != nil {
		t.Fatal(err)
	}
	return credentials.NewTLS(&tls.Config{
		InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{svid.Certificates[0].Raw}, PrivateKey: svid.PrivateKey}},
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var asked atomic.Int32
	_, err := identity.Open(ctx, identity.Options{
		Watch: func(ctx context.Context, w workloadapi.X509ContextWatcher) error {
			asked.Add(1)
			return status.Error(codes.InvalidArgument, "security header missing from request")
		},
		Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if !errors.Is(err, identity.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if cause := errors.Unwrap(err); cause == nil || !strings.Contains(cause.Error(), "security header") {
		t.Errorf("the cause %v does not say what the Workload API said", cause)
	}
	if asked.Load() < 2 {
		t.Error("a watch that ended was not begun again")
	}
	if _, err := identity.Open(ctx, identity.Options{}); err == nil {
		t.Error("opened without options")
	}
	if _, err := identity.WorkloadAPI("/no/scheme"); err == nil {
		t.Error("an address without a scheme was taken")
	}
}

func TestUnreachableWorkloadAPI(t *testing.T) {
	watch, err := identity.WorkloadAPI("unix://" + t.TempDir() + "/none.sock")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = identity.Open(ctx, identity.Options{Watch: watch, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if f := fault.From(err); f.Code != codes.Unavailable || !strings.Contains(errors.Unwrap(err).Error(), "none.sock") {
		t.Errorf("%v: %v", err, errors.Unwrap(err))
	}
}

func TestStatus(t *testing.T) {
	ca := identitytest.NewCA(t, "hygia.local")
	feed := ca.Feed(t, "content", time.Hour)
	s := feed.Source(t)
	if st := s.Status(); st.ID != ca.ID("content") || st.Rotations != 0 || st.Problem != nil || time.Until(st.Expires) < 59*time.Minute {
		t.Errorf("%+v", st)
	}
	feed.Renew(t, "content", 2*time.Hour)
	eventually(t, "a rotation", func() bool { return s.Status().Rotations == 1 })
	feed.Fail(status.Error(codes.Unavailable, "down"))
	eventually(t, "a problem", func() bool { return s.Status().Problem != nil })
	if err := s.Check(); err != nil {
		t.Errorf("an unreachable Workload API took the identity: %v", err)
	}
	feed.Renew(t, "content", 2*time.Hour)
	eventually(t, "the problem's end", func() bool { return s.Status().Problem == nil })
	if id, err := s.Service("audit"); err != nil || id.String() != "spiffe://hygia.local/audit" {
		t.Errorf("%v, %v", id, err)
	}
	if _, err := s.Service("no/such"); err == nil {
		t.Error("a name with a slash was taken")
	}
	if _, ok := identity.Peer(t.Context()); ok {
		t.Error("a peer without a call")
	}
}

// An update that does not verify must not replace one that does.
func TestDamagedUpdateIsNotTaken(t *testing.T) {
	ca, other := identitytest.NewCA(t, "hygia.local"), identitytest.NewCA(t, "hygia.local")
	feed := ca.Feed(t, "content", time.Hour)
	s := feed.Source(t)
	feed.Send(other.Issue(t, "content", time.Hour), ca.Bundle())
	eventually(t, "a problem", func() bool { return s.Status().Problem != nil })
	svid, err := s.GetX509SVID()
	if err != nil || s.Status().Rotations != 0 {
		t.Fatalf("%v, %v", svid, err)
	}
}
