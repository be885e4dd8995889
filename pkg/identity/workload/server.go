package workload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	workloadv1 "github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/identity/internal/authority"
)

// Defaults and bounds of Config.
const (
	DefaultTTL          = time.Hour
	DefaultAuthorityTTL = 30 * 24 * time.Hour
	minTTL              = time.Second
	maxTTL              = 24 * time.Hour
)

// authoritiesFile holds the CA certificates and keys, in Config.Dir.
const authoritiesFile = "authorities.pem"

// tick is the longest sleep of a loop that waits for a moment: timers stand
// still while a machine sleeps, the clock does not.
const tick = 5 * time.Second

// Config is what a Server is made of.
type Config struct {
	// SocketPath is the unix socket. Its folder is made with mode 0700 where it
	// does not exist, and must not be open to others. Required.
	SocketPath string
	// TrustDomain is the name, such as "hygia.local". Required.
	TrustDomain string
	// Dir keeps the authorities' certificates and keys, mode 0600. It is made with
	// mode 0700 where it does not exist. Required.
	Dir string
	// TTL is how long an SVID holds, from 1 s to 24 h; a fresh one is sent at half
	// of it. Default one hour.
	TTL time.Duration
	// AuthorityTTL is how long a CA certificate holds, at least 6 TTL; a new one
	// is made at half of it. Default 30 days.
	AuthorityTTL time.Duration
	Clock        func() time.Time // required
	Attestor     Attestor         // required
	Logger       *slog.Logger     // required
}

// Attestor decides which identity a process has. It is safe for concurrent use.
type Attestor interface {
	// Attest returns the identity of a process, or an error where none applies.
	// The server asks before each message that it sends.
	Attest(Process) (spiffeid.ID, error)
	// Changed returns a channel that is closed when an answer of Attest may have
	// changed since the call of Changed.
	Changed() <-chan struct{}
}

// Process is who asks, as the kernel says.
type Process struct {
	PID int
	UID int
}

// Server is the Workload API of one trust domain.
type Server struct {
	workloadv1.UnimplementedSpiffeWorkloadAPIServer

	config Config
	td     spiffeid.TrustDomain
	file   string

	mu          sync.Mutex
	authorities authority.Set
	changed     chan struct{} // closed when authorities changes
}

// New makes a server, with the authorities of Config.Dir or, where there are
// none, with new ones.
func New(c Config) (*Server, error) {
	if c.TTL == 0 {
		c.TTL = DefaultTTL
	}
	if c.AuthorityTTL == 0 {
		c.AuthorityTTL = max(DefaultAuthorityTTL, 6*c.TTL)
	}
	switch {
	case c.SocketPath == "" || c.Dir == "" || c.Clock == nil || c.Attestor == nil || c.Logger == nil:
		return nil, errors.New("workload: SocketPath, Dir, Clock, Attestor and Logger are required")
	case c.TTL < minTTL || c.TTL > maxTTL:
		return nil, fmt.Errorf("workload: TTL %v is not between %v and %v", c.TTL, minTTL, maxTTL)
	case c.AuthorityTTL < 6*c.TTL:
		return nil, fmt.Errorf("workload: AuthorityTTL %v is less than 6 times the TTL", c.AuthorityTTL)
	}
	td, err := spiffeid.TrustDomainFromString(c.TrustDomain)
	if err != nil {
		return nil, fmt.Errorf("workload: trust domain: %w", err)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	s := &Server{
		config: c, td: td, file: filepath.Join(c.Dir, authoritiesFile),
		changed: make(chan struct{}),
	}
	if s.authorities, err = authority.Load(s.file, td, c.AuthorityTTL); err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	if err := s.advance(); err != nil {
		return nil, err
	}
	return s, nil
}

// Addr is the value for SPIFFE_ENDPOINT_SOCKET.
func (s *Server) Addr() string { return "unix://" + s.config.SocketPath }

// Serve answers until ctx ends. Clients then keep what they have until it
// expires.
func (s *Server) Serve(ctx context.Context) error {
	lis, err := listen(ctx, s.config.SocketPath)
	if err != nil {
		return fmt.Errorf("workload: %w", err)
	}
	server := grpc.NewServer(
		grpc.Creds(peerCredentials{}),
		grpc.MaxRecvMsgSize(64<<10),
		grpc.MaxConcurrentStreams(16),
		grpc.MaxHeaderListSize(8<<10),
		grpc.ConnectionTimeout(5*time.Second),
		grpc.ChainUnaryInterceptor(requireHeaderUnary),
		grpc.ChainStreamInterceptor(requireHeaderStream),
	)
	workloadv1.RegisterSpiffeWorkloadAPIServer(server, s)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var loops sync.WaitGroup
	loops.Go(func() { s.rotate(ctx) })
	loops.Go(func() {
		<-ctx.Done()
		server.Stop()
	})
	err = server.Serve(lis)
	ended := ctx.Err() != nil
	stop()
	loops.Wait()
	if err != nil && !ended {
		return fmt.Errorf("workload: serve: %w", err)
	}
	return nil
}

// rotate replaces authorities in time.
func (s *Server) rotate(ctx context.Context) {
	period := min(tick, s.config.AuthorityTTL/60)
	for wait(ctx, period, nil, nil) {
		if err := s.advance(); err != nil {
			// The set in use goes on; there is half a life to mend the disk.
			s.config.Logger.Error("authority not rotated", "error_types", fmt.Sprintf("%T", errors.Unwrap(err)))
		}
	}
}

// advance makes the set of authorities current. A new one is on disk before
// anybody learns of it.
func (s *Server) advance() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, changed, err := s.authorities.Advance(s.now())
	if err != nil || !changed {
		return err
	}
	if err := next.Save(s.file); err != nil {
		return fmt.Errorf("workload: %w", err)
	}
	s.authorities = next
	close(s.changed)
	s.changed = make(chan struct{})
	s.config.Logger.Info("authorities changed", "count", len(next.Certificates()))
	return nil
}

func (s *Server) current() (set authority.Set, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.authorities, s.changed
}

// now is the wall clock: what is compared with certificates must not count
// only the time that the machine was awake.
func (s *Server) now() time.Time { return s.config.Clock().Round(0) }
