package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/demo"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"
)

// defaultHTTPPort is the gateway's; all other ports are free ones.
const defaultHTTPPort = 8440

type upFlags struct {
	dir, bin, trustDomain, logLevel, traces string
	fresh, demo, development                bool
	ports, metricsPorts                     map[string]*int
	tenant                                  tenantFlags
}

func (a *app) upCommand() *cobra.Command {
	f := upFlags{ports: map[string]*int{}, metricsPorts: map[string]*int{}}
	c := a.command(&cobra.Command{
		Use:   "up",
		Short: "Runs the whole suite on this machine",
		Long: `Starts every service as a process of its own, on this machine's loopback address,
and keeps everything under one folder. The first run makes an organisation with
four people, whose tokens it writes to .hygia/dev.env, and does the suite's main
job once, to show it. Ctrl-C drains and stops all of it; a second one kills.

A service that ends is started again, a few times; one that keeps failing ends
the suite. Whatever is acknowledged is on disk: a run that was killed goes on
where it was.

JSON: one object a line: {"event": "service", "service": "content", "state":
"ready", "address": "127.0.0.1:40001", "metrics": "127.0.0.1:40002", "pid": 4711},
{"event": "step", "number": 1, "name": "import", "result": {…}} and, once,
{"event": "up", "url": "…", "env": "…"}.`,
		Example: "  hygia up\n  hygia up --dir /srv/hygia --http-port 0\n  hygia up --fresh\n" +
			"  hygia up --demo=false --tenant boreal --tenant-name 'Clínica Boreal' \\\n" +
			"    --admin-email admin@boreal.example --admin-name 'Ana Prado'",
		Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error { return a.runUp(ctx, f) })
	flags := c.Flags()
	flags.StringVar(&f.dir, "dir", ".hygia", "the `FOLDER` that keeps everything")
	flags.StringVar(&f.bin, "bin", "", "the `FOLDER` of the services' programs (default: beside this one)")
	flags.StringVar(&f.trustDomain, "trust-domain", "hygia.local", "SPIFFE trust domain")
	flags.StringVar(&f.logLevel, "log-level", "info", "what services log: debug, info, warn or error")
	flags.StringVar(&f.traces, "traces", "", "OTLP gRPC `URL` that takes traces (default: none)")
	flags.BoolVar(&f.fresh, "fresh", false, "empty the folder first; only one that hygia up made")
	flags.BoolVar(&f.demo, "demo", true, "on the first run, make the demo organisation and show the main job")
	f.tenant.add(flags)
	flags.BoolVar(&f.development, "development", false, "let services answer gRPC reflection")
	for _, name := range supervise.Names() {
		def := 0
		if name == supervise.Gateway {
			def = defaultHTTPPort
		}
		option := strings.TrimPrefix(supervise.ServeOption(name), "--")
		f.ports[name] = flags.Int(option, def, "port of "+name+"; 0 takes a free one")
		option = strings.TrimPrefix(supervise.MetricsOption(name), "--")
		f.metricsPorts[name] = flags.Int(option, 0, "port of "+name+"'s /metrics; 0 takes a free one")
	}
	return c
}

func (f upFlags) allPorts() (map[string]supervise.Ports, error) {
	ports := map[string]supervise.Ports{}
	for _, name := range supervise.Names() {
		p := supervise.Ports{Serve: *f.ports[name], Metrics: *f.metricsPorts[name]}
		for option, n := range map[string]int{supervise.ServeOption(name): p.Serve, supervise.MetricsOption(name): p.Metrics} {
			if n < 0 || n > 65535 {
				return nil, usage("%s %d: want 0 to 65535", option, n)
			}
		}
		ports[name] = p
	}
	return ports, nil
}

func (a *app) runUp(ctx context.Context, f upFlags) (err error) {
	ports, err := f.allPorts()
	if err != nil {
		return err
	}
	if err := f.tenant.check(); err != nil {
		return err
	}
	if a.env.Executable == "" {
		return errors.New("the system does not tell where this program is, and the services are told by their programs")
	}
	bin := a.path(f.bin)
	if f.bin == "" {
		bin = filepath.Dir(a.env.Executable)
	}
	folder, err := supervise.OpenFolder(a.path(f.dir), f.fresh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	show := &upShow{app: a, dir: a.shorten(folder.Path())}
	show.begin()
	suite, err := supervise.Start(ctx, supervise.Config{
		Folder: folder, Binaries: bin, Host: "127.0.0.1", Ports: ports, TrustDomain: f.trustDomain,
		Development: f.development, LogLevel: f.logLevel, Traces: f.traces, Version: a.env.Version,
		Environment: a.env.Environ, Clock: a.env.Clock, Notify: show.service,
	})
	if err != nil {
		return asked(ctx, err)
	}
	u := &up{app: a, folder: folder, suite: suite, show: show}
	err = u.use(ctx, f)
	show.stopping()
	return errors.Join(asked(ctx, err), u.stop())
}

// asked drops an error that is only that a person asked for the end.
func asked(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return nil
	}
	return err
}

// up is one running suite.
type up struct {
	app    *app
	folder *supervise.Folder
	suite  *supervise.Suite
	show   *upShow
}

// use makes the organisation that was asked for, does the demo where it is wanted
// and not done, and waits for the end.
func (u *up) use(ctx context.Context, f upFlags) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-u.suite.Failed():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	state, err := demo.LoadState(u.folder.Path("demo.json"))
	if err != nil {
		return err
	}
	if err := u.keepAuditKey(); err != nil {
		return err
	}
	if err := u.tenant(ctx, f.tenant); err != nil {
		return err
	}
	if f.demo && !state.Complete() {
		if err := u.demo(ctx, state); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return fmt.Errorf("%w; the services' logs are in %s, and the next `hygia up` goes on from here", err, u.app.shorten(u.folder.Path("logs")))
		}
	} else if err := u.writeEnv(state); err != nil {
		return err
	}
	u.show.up(u.suite, u.app.shorten(u.folder.Path("dev.env")), state.Ready())
	<-ctx.Done()
	return context.Cause(ctx)
}

// sameSignal is how long after the first signal another one is the same: some
// programs send it to a process and to its group.
const sameSignal = 300 * time.Millisecond

// stop drains the suite; another signal while it does ends it at once.
func (u *up) stop() error {
	stopped := make(chan error, 1)
	go func() { stopped <- u.suite.Stop() }()
	begin := u.app.env.Clock()
	for {
		select {
		case err := <-stopped:
			return err
		case <-u.app.env.Signals:
			if u.app.env.Clock().Sub(begin) < sameSignal {
				continue
			}
			u.suite.Kill()
			return errors.Join(<-stopped, errInterrupted)
		}
	}
}

// keepAuditKey copies the log's public key to where people look for it.
func (u *up) keepAuditKey() error {
	key, err := os.ReadFile(u.folder.Path(supervise.Audit, "log.pub"))
	if err != nil {
		return fmt.Errorf("the audit log's public key: %w", err)
	}
	return supervise.WriteFile(u.folder.Path("audit.pub"), key, 0o644)
}

func (u *up) writeEnv(state *demo.State) error {
	key, err := os.ReadFile(u.folder.Path("audit.pub"))
	if err != nil {
		return err
	}
	return state.WriteEnv(u.folder.Path("dev.env"), u.suite.URL(), strings.TrimSpace(string(key)))
}

func (u *up) demo(ctx context.Context, state *demo.State) (err error) {
	conn, err := u.suite.Dial(ctx, supervise.Accounts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return demo.Run(ctx, demo.Config{
		State: state, Directory: accountsv1.NewDirectoryServiceClient(conn),
		Client: func(token, purpose string) (*rest.Client, error) {
			return u.app.clientOf(target{url: u.suite.URL(), token: token, purpose: purpose})
		},
		Verify:  u.verify,
		Peopled: func() error { return u.writeEnv(state) },
		Show:    u.show.step,
		Random:  rand.Reader,
	})
}
