package workload

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	workloadv1 "github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/identity/internal/authority"
)

// header is what every call must carry, so that a proxy that can be made to
// send requests cannot be made to fetch identities (SPIFFE Workload API 6.1).
const header = "workload.spiffe.io"

// errNoIdentity is the standard's answer to a process without an identity.
var errNoIdentity = status.Error(codes.PermissionDenied, "no identity issued")

// FetchX509SVID sends the caller's SVID and the bundle: at once, at half of
// each SVID's life, and when the bundle or the caller's identity changes. It
// ends with PERMISSION_DENIED when the caller has no identity or loses it.
func (s *Server) FetchX509SVID(_ *workloadv1.X509SVIDRequest, stream grpc.ServerStreamingServer[workloadv1.X509SVIDResponse]) error {
	var renew time.Time
	var last spiffeid.ID
	return s.follow(stream.Context(), func(id spiffeid.ID, set authority.Set, bundleChanged bool) (time.Time, error) {
		now := s.now()
		if !bundleChanged && id == last && now.Before(renew) {
			return renew, nil
		}
		response, err := s.svid(id, set, now)
		if err != nil {
			s.config.Logger.Error("SVID not issued", "spiffe_id", id.String())
			return time.Time{}, status.Error(codes.Internal, "SVID not issued")
		}
		if err := stream.Send(response); err != nil {
			return time.Time{}, err
		}
		last, renew = id, now.Add(s.config.TTL/2)
		return renew, nil
	})
}

func (s *Server) svid(id spiffeid.ID, set authority.Set, now time.Time) (*workloadv1.X509SVIDResponse, error) {
	svid, err := set.Issue(id, now, s.config.TTL)
	if err != nil {
		return nil, err
	}
	chain, key, err := svid.MarshalRaw()
	if err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	return &workloadv1.X509SVIDResponse{Svids: []*workloadv1.X509SVID{{
		SpiffeId: id.String(), X509Svid: chain, X509SvidKey: key, Bundle: der(set.Certificates()),
	}}}, nil
}

// FetchX509Bundles sends the bundle, at once and when it changes.
func (s *Server) FetchX509Bundles(_ *workloadv1.X509BundlesRequest, stream grpc.ServerStreamingServer[workloadv1.X509BundlesResponse]) error {
	return s.follow(stream.Context(), func(_ spiffeid.ID, set authority.Set, bundleChanged bool) (time.Time, error) {
		next := s.now().Add(s.config.TTL)
		if !bundleChanged {
			return next, nil
		}
		return next, stream.Send(&workloadv1.X509BundlesResponse{
			Bundles: map[string][]byte{s.td.IDString(): der(set.Certificates())},
		})
	})
}

// follow calls send at once, whenever something changes, and at the moment that
// the last send named; each time after it has attested the caller anew.
func (s *Server) follow(ctx context.Context, send func(id spiffeid.ID, set authority.Set, bundleChanged bool) (next time.Time, err error)) error {
	process, ok := processOf(ctx)
	if !ok {
		return errNoIdentity
	}
	bundleChanged := true
	for {
		attestation := s.config.Attestor.Changed() // before Attest, or a change between them would be missed
		set, bundle := s.current()
		id, err := s.attest(process)
		if err != nil {
			return err
		}
		next, err := send(id, set, bundleChanged)
		if err != nil {
			return err
		}
		for s.now().Before(next) && !closed(attestation) && !closed(bundle) {
			if !wait(ctx, min(tick, next.Sub(s.now())), attestation, bundle) {
				return status.FromContextError(ctx.Err()).Err()
			}
		}
		bundleChanged = closed(bundle)
	}
}

func (s *Server) attest(p Process) (spiffeid.ID, error) {
	id, err := s.config.Attestor.Attest(p)
	if err == nil && id.MemberOf(s.td) {
		return id, nil
	}
	s.config.Logger.Info("process refused", "pid", p.PID)
	return spiffeid.ID{}, errNoIdentity
}

// wait returns after d, or when one of the channels is closed; false where ctx
// ended.
func wait(ctx context.Context, d time.Duration, a, b <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-a:
	case <-b:
	}
	return true
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func der(certs []*x509.Certificate) []byte {
	var all []byte
	for _, c := range certs {
		all = append(all, c.Raw...)
	}
	return all
}

func processOf(ctx context.Context) (Process, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return Process{}, false
	}
	info, ok := p.AuthInfo.(processInfo)
	return info.Process, ok && info.PID > 0
}

func requireHeader(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	if v := md.Get(header); len(v) != 1 || v[0] != "true" {
		return status.Error(codes.InvalidArgument, "security header missing from request")
	}
	return nil
}

func requireHeaderUnary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := requireHeader(ctx); err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

func requireHeaderStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if err := requireHeader(stream.Context()); err != nil {
		return err
	}
	return handler(srv, stream)
}
