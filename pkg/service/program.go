package service

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// Exit codes; see the package's text.
const (
	ExitOK      = 0
	ExitFailed  = 1
	ExitConfig  = 2
	ExitAborted = 130
)

// What Main sets, and how long telemetry may take to be delivered at the end.
const (
	identityTimeout = 30 * time.Second
	drainTimeout    = 20 * time.Second
	flushTimeout    = 3 * time.Second
)

// Main runs a service as this process and returns its exit code.
func Main[C any, S interface {
	*C
	Settings
}](name string, run func(ctx context.Context, env *Env[C]) error) int {
	quiet()
	cpus := SpareProcessor()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	return Program[C, S]{
		Name: name, Version: Version(), Run: run,
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		LookupEnv: os.LookupEnv, Signals: signals,
		Clock:           time.Now, //nolint:forbidigo // here is where it is handed in
		IdentityTimeout: identityTimeout, DrainTimeout: drainTimeout, CPUs: cpus,
	}.Execute(context.Background())
}

// SpareProcessor lets Go run one goroutine more at once than it has CPUs, unless
// GOMAXPROCS says how many. While every place in Go's scheduler is taken by a
// thread that is inside a guest, Go takes the place from any that stays for more
// than 20 µs, gives it to another thread, and makes the first wait for one when it
// returns; with a place to spare it does not. Go then no longer follows the CPUs
// that a container may use, where these change while it runs.
//
// It returns how many CPUs there are for this process, which GOMAXPROCS tells no
// more. It is for the start of a process, once.
func SpareProcessor() (cpus int) {
	cpus = min(runtime.GOMAXPROCS(0), runtime.NumCPU())
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
	return cpus
}

// Program is a service with everything that it takes from its process, so that
// tests run it as it is.
type Program[C any, S interface {
	*C
	Settings
}] struct {
	Name, Version  string
	Run            func(ctx context.Context, env *Env[C]) error
	Args           []string // without the program's name
	Stdout, Stderr io.Writer
	LookupEnv      func(string) (string, bool)
	Clock          func() time.Time
	// Signals ask for a drain; the second one ends it at once.
	Signals <-chan os.Signal
	// IdentityTimeout bounds the wait for an identity, DrainTimeout the time from
	// the first signal to the end of Run.
	IdentityTimeout, DrainTimeout time.Duration
	// CPUs is how many there are for this process; 0 is what Go finds.
	CPUs int
}

// Execute runs the service until it fails, ctx ends or a signal comes, and
// returns the exit code. What went wrong is written to Stderr in one line.
func (p Program[C, S]) Execute(ctx context.Context) int {
	config, err := p.configure()
	switch {
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errVersion):
		return ExitOK
	case err != nil:
		return p.fail(ExitConfig, err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- p.serve(ctx, config) }()
	select {
	case err := <-done:
		if err == nil {
			err = errors.New("ended without being asked to")
		}
		return p.finish(err)
	case <-p.Signals:
	case <-ctx.Done():
	}
	stop()
	select {
	case err := <-done:
		if errors.Is(err, context.Canceled) {
			err = nil // it was asked to end, and did
		}
		return p.finish(err)
	case <-p.Signals:
		return p.fail(ExitAborted, errors.New("stopped by a second signal, before all calls had ended"))
	case <-time.After(p.DrainTimeout + flushTimeout):
		return p.fail(ExitFailed, fmt.Errorf("did not stop within %v", p.DrainTimeout))
	}
}

var errVersion = errors.New("version asked for")

// configure reads flags and file.
func (p Program[C, S]) configure() (*C, error) {
	flags := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	path := flags.String("config", "", "configuration `FILE`, YAML")
	version := flags.Bool("version", false, "print the version and exit")
	flags.SetOutput(io.Discard) // the error is written by Execute
	switch err := flags.Parse(p.Args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(p.Stdout, "Runs the %s service of Hygia.\n\nusage: %s -config FILE.yaml\n\n", p.Name, p.Name)
		flags.SetOutput(p.Stdout)
		flags.PrintDefaults()
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w; see %s -help", err, p.Name)
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *version {
		fmt.Fprintf(p.Stdout, "%s %s\n", p.Name, p.Version)
		return nil, errVersion
	}
	config := new(C)
	return config, load(*path, S(config))
}

// configError marks failures that a restart alone does not mend.
type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

func (p Program[C, S]) finish(err error) int {
	_, config := errors.AsType[configError](err)
	switch {
	case err == nil:
		return ExitOK
	case config:
		return p.fail(ExitConfig, err)
	}
	return p.fail(ExitFailed, err)
}

func (p Program[C, S]) fail(code int, err error) int {
	fmt.Fprintf(p.Stderr, "%s: %v\n", p.Name, err)
	return code
}

// serve builds the Env and runs the service with it.
func (p Program[C, S]) serve(ctx context.Context, config *C) (err error) {
	base := S(config).Base()
	if err := os.MkdirAll(base.DataDir, 0o700); err != nil {
		return configError{fmt.Errorf("data_dir: %w", err)}
	}
	tel, err := telemetry.New(ctx, telemetry.Options{
		Service: p.Name, Version: p.Version, LogOutput: p.Stderr,
		LogLevel: levels[base.Log.Level], LogFormat: base.Log.Format,
		TracesEndpoint: base.Traces.Endpoint,
	})
	if err != nil {
		return err
	}
	defer flush(context.WithoutCancel(ctx), tel)
	lis, err := listen(ctx, base.Listen)
	if err != nil {
		return configError{fmt.Errorf("listen: %w", err)}
	}
	defer func() { _ = lis.Close() }() // the server has closed it
	source, err := p.identify(ctx, base, tel.Logger)
	if err != nil {
		return err
	}
	env := &Env[C]{
		Name: p.Name, Version: p.Version, Config: config, Logger: tel.Logger,
		Identity: source, Telemetry: tel, Clock: p.Clock, IDs: newID,
		CPUs: p.CPUs, Listener: lis, base: base, conns: make(map[string]*grpc.ClientConn),
	}
	defer func() { err = errors.Join(err, env.close()) }()
	if err := env.connect(ctx); err != nil {
		return err
	}
	stopMetrics, err := serveMetrics(ctx, base.Metrics, tel, source)
	if err != nil {
		return configError{err}
	}
	defer stopMetrics()
	tel.Logger.Info("service starts", "addr", lis.Addr().String(), "development", base.Development)
	err = p.Run(ctx, env)
	tel.Logger.Info("service ends")
	return err
}

// identify waits for the identity and checks that it is of the trust domain.
func (p Program[C, S]) identify(ctx context.Context, base *Config, logger *slog.Logger) (*identity.Source, error) {
	addr, ok := p.LookupEnv(workloadapi.SocketEnv)
	if !ok || addr == "" {
		return nil, configError{fmt.Errorf("%s is not set: start the suite with `hygia up`, or point it to a SPIRE agent's socket (unix:///run/spire/agent.sock)", workloadapi.SocketEnv)}
	}
	watch, err := identity.WorkloadAPI(addr)
	if err != nil {
		return nil, configError{fmt.Errorf("%s: %w", workloadapi.SocketEnv, err)}
	}
	wait, cancel := context.WithTimeout(ctx, p.IdentityTimeout)
	defer cancel()
	source, err := identity.Open(wait, identity.Options{Watch: watch, Clock: p.Clock, Logger: logger})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, configError{fmt.Errorf("no identity from the Workload API at %s within %v (%w): check that `hygia up` or the SPIRE agent runs, and that this program is registered there",
			addr, p.IdentityTimeout, errors.Unwrap(err))}
	}
	id, err := source.ID()
	if err == nil && id.TrustDomain().Name() != base.TrustDomain {
		err = configError{fmt.Errorf("the identity is %s, but trust_domain is %q", id, base.TrustDomain)}
	}
	if err == nil && id.Path() != "/"+p.Name {
		err = configError{fmt.Errorf("the identity is %s, but this is the %s service", id, p.Name)}
	}
	if err != nil {
		return nil, errors.Join(err, source.Close())
	}
	return source, nil
}

// flush sends what telemetry has left, for a bounded time: spans that cannot be
// delivered are dropped.
func flush(ctx context.Context, tel *telemetry.Telemetry) {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if err := tel.Shutdown(ctx); err != nil {
		tel.Logger.Warn("traces were not delivered", telemetry.Err(err))
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
