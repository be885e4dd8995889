package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/sqlite"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/auth"
	"github.com/hygia-suite/hygia/services/accounts/internal/directory"
	"github.com/hygia-suite/hygia/services/accounts/internal/keyring"
	"github.com/hygia-suite/hygia/services/accounts/internal/password"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/store/sqlitestore"
)

// waitingPerTurn is how many password checks may wait for each that runs.
const waitingPerTurn = 8

// Deps are what the service runs on; all are required.
type Deps struct {
	Config *Config
	// Options are the gRPC server's. Serve sets its policy, verifier and outbox.
	Options  rpc.ServerOptions
	Listener net.Listener
	// Passwords are what a new password hash costs.
	Passwords password.Params
}

// Run serves as this process until ctx ends.
func Run(ctx context.Context, env *service.Env[Config]) error {
	if env.AuditLog == nil {
		return errors.New("accounts: configuration: audit is required: nothing is released without its record")
	}
	return Serve(ctx, Deps{
		Config: env.Config, Options: env.ServerOptions(nil), Listener: env.Listener, Passwords: password.Recommended(),
	})
}

// Serve serves until ctx ends.
func Serve(ctx context.Context, d Deps) (err error) {
	if err := d.Config.complete(); err != nil {
		return fmt.Errorf("accounts: configuration: %w", err)
	}
	clock, ids := d.Options.Clock, d.Options.IDs
	db, err := sqlitestore.Open(ctx, filepath.Join(d.Config.DataDir, "accounts.db"), clock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	vault, err := openVault(ctx, d.Config.DataDir, db)
	if err != nil {
		return err
	}
	ring, issuer, err := openRing(d)
	if err != nil {
		return err
	}
	passwords, err := password.New(password.Config{
		Params: d.Passwords, Parallel: d.Config.Login.Parallel,
		Waiting: d.Config.Login.Parallel * waitingPerTurn, Random: rand.Reader,
	})
	if err != nil {
		return err
	}
	outbox := audit.NewOutbox(sqlite.Outbox(db.DB()), d.Options.Audit, d.Options.Telemetry.Logger, clock)
	d.Options.Policy, d.Options.Outbox = Policy(), outbox
	// Its own keys, not those that it would ask itself for.
	d.Options.Verifier = actor.NewVerifier(actor.VerifierOptions{Keys: ring, Issuer: issuer, Clock: clock})
	server, err := rpc.NewServer(d.Options) //nolint:contextcheck // calls bring their own
	if err != nil {
		return err
	}
	accountsv1.RegisterAuthServiceServer(server.GRPC(), auth.New(auth.Options{
		Store: db, Vault: vault, Passwords: passwords, Issuer: ring,
		Accounts: d.Config.Login.accounts(clock), Addresses: d.Config.Login.addresses(clock),
		Clock: clock, IDs: ids, Random: rand.Reader,
	}))
	accountsv1.RegisterDirectoryServiceServer(server.GRPC(), directory.New(directory.Options{
		Store: db, Vault: vault, Passwords: passwords, Clock: clock, IDs: ids, Random: rand.Reader,
	}))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return outbox.Run(ctx) })
	group.Go(func() error { return server.Serve(ctx, d.Listener) })
	return group.Wait()
}

// openVault reads the keys of the profiles, and refuses to go on where they are
// not those that sealed what the database holds.
func openVault(ctx context.Context, dir string, s store.Store) (*profile.Vault, error) {
	vault, err := profile.Open(dir)
	if err != nil {
		return nil, err
	}
	fresh, err := vault.Check()
	if err != nil {
		return nil, err
	}
	kept, err := s.KeyCheck(ctx, fresh)
	if err != nil {
		return nil, err
	}
	return vault, vault.Verify(kept)
}

// openRing reads the keys that sign actor tokens. Their issuer is the service's
// own SPIFFE id.
func openRing(d Deps) (ring *keyring.Ring, issuer string, err error) {
	self, err := d.Options.Identity.ID()
	if err != nil {
		return nil, "", fmt.Errorf("accounts: %w", err)
	}
	ring, err = keyring.Open(keyring.Config{
		Dir: d.Config.DataDir, Issuer: self.String(), Lifetime: d.Config.ActorLifetime,
		RotateAfter: d.Config.SigningKeyLifetime, Clock: d.Options.Clock, Random: rand.Reader,
		Logger: d.Options.Telemetry.Logger,
	})
	return ring, self.String(), err
}
