package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/outbound"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

// installedFolder is the folder of installed plugins in a service's data folder.
const installedFolder = "plugins"

// Options are a Host's dependencies; all are required, but for the last three.
type Options struct {
	// Server is what the service's server is made of: its name, identity, audit log,
	// logger, clock and ids are the host's too.
	Server rpc.ServerOptions
	Config service.Plugins
	// Components are the operator's values for components, by name and key.
	Components map[string]map[string]string
	// DataDir is the service's; installed plugins are in its folder "plugins", what
	// was compiled of any in "compiled" and "compiled-fuel", and what the audit log
	// does not have yet in "plugin-events".
	DataDir string
	// Embedded are the components that ship with the service.
	Embedded []fs.FS
	// Hooks are what this service calls; a plugin must be of one of them at least.
	Hooks []Hook
	// UploadTime is how long a package may take to arrive; 0 is ten minutes.
	UploadTime time.Duration
	// Outbound sends plugins' requests; nil is a client of the host's own, under
	// Config.PrivateHosts.
	Outbound outbound.Sender
	// Parallel is how many calls may compute at once, in each engine; 0 is as many as
	// Go uses CPUs, which is one too many in a container where Go was given a place to
	// spare: see service.Env.CPUs.
	Parallel int
}

// Hook is an extension interface that a service calls.
type Hook struct {
	// Exports are the interface's functions.
	Exports []*component.Export
	// Only is the one plugin that the service asks, by its name; "" where it asks
	// every plugin of the hook.
	Only string
}

// Interface is the hook's name, such as "hygia:validation/validator@0.1.0".
func (h Hook) Interface() string { return h.Exports[0].Interface }

func (h Hook) takes(m plugin.Manifest) bool {
	return slices.Contains(m.Exports, h.Interface()) && (h.Only == "" || h.Only == m.Name)
}

// String says what a plugin must be to be asked.
func (h Hook) String() string {
	if h.Only == "" {
		return h.Interface()
	}
	return h.Interface() + " (of " + h.Only + " alone)"
}

// Host runs a service's plugins, on engines of its own. It is safe for
// concurrent use. Close it when done.
type Host struct {
	o          Options
	engines    *engines
	store      *store.Store
	supervisor *supervisor.Supervisor
	outbound   *outbound.Client // nil where Options.Outbound is another
	lines      *lines
	record     *recorder
	metrics    *metrics
	uploads    *uploads
	installing chan struct{} // holds one value while a package is in memory
}

// New loads what there is. Plugins that cannot be loaded are tried again and fail
// the calls that need them; only a damaged service is an error.
func New(ctx context.Context, o Options) (*Host, error) {
	if o.Server.Audit == nil || o.Server.Identity == nil {
		return nil, errors.New("pluginhost: plugins are not run unrecorded: an audit log and an identity are required")
	}
	self, err := o.Server.Identity.ID()
	if err != nil {
		return nil, fmt.Errorf("pluginhost: %w", err)
	}
	record, err := newRecorder(o.Server, self.String(), o.DataDir)
	if err != nil {
		return nil, err
	}
	h := &Host{
		o: o, lines: newLines(o.Server.Clock), installing: make(chan struct{}, 1),
		uploads: newUploads(filepath.Join(o.DataDir, installedFolder), o.UploadTime),
		record:  record, metrics: newMetrics(),
	}
	if o.Outbound == nil {
		h.outbound = outbound.New(outbound.Options{Private: o.Config.PrivateHosts})
		h.o.Outbound = h.outbound
	}
	h.engines = &engines{dir: o.DataDir, logger: o.Server.Telemetry.Logger, config: plugin.EngineConfig()}
	h.engines.config.Parallel, h.engines.config.Observe = o.Parallel, h.metrics.observe
	if err := h.open(ctx); err != nil {
		record.journal.close()
		return nil, errors.Join(fmt.Errorf("pluginhost: %w", err), h.engines.close())
	}
	for _, p := range h.supervisor.List() {
		if p.Newer != "" {
			o.Server.Telemetry.Logger.WarnContext(ctx, "a newer release of an installed plugin ships with the service, and waits for its removal",
				"component", p.Name, slog.Group("newer", "version", p.Newer))
		}
	}
	h.record.start() //nolint:contextcheck // it ends with Close
	return h, nil
}

// open begins with what the folders hold.
func (h *Host) open(ctx context.Context) (err error) {
	if _, err := h.engines.of(ctx, plugin.Manifest{}); err != nil {
		return err // a damaged folder is known at the start
	}
	h.store, err = store.Open(store.Options{Dir: filepath.Join(h.o.DataDir, installedFolder), Trust: h.trust, Clock: h.o.Server.Clock})
	if err != nil {
		return err
	}
	h.supervisor, err = supervisor.New(ctx, supervisor.Options{
		Settings: settings(h.o.Config, h.record.notify), Embedded: h.o.Embedded, Store: h.store,
		Verify: h.verify, Load: h.load, CanaryPercent: h.o.Config.CanaryPercent,
	})
	if err != nil {
		return err
	}
	if err := h.metrics.register(h.o.Server.Telemetry.Registry, h); err != nil {
		return errors.Join(err, h.supervisor.Close())
	}
	return nil
}

// settings are the supervisor's, where the configuration says something.
func settings(c service.Plugins, notify func(supervisor.Event)) supervisor.Settings {
	of := func(t service.Tolerance) supervisor.Tolerance {
		return supervisor.Tolerance{Share: float64(t.FailurePercent) / 100, Calls: uint(t.Calls), Window: t.Window} //nolint:gosec // checked
	}
	s := supervisor.Settings{Live: of(c.Breaker.Tolerance), Canary: of(c.Canary), Notify: notify}
	s.Live.Pause, s.Live.Trials = c.Breaker.Pause, uint(c.Breaker.Trials) //nolint:gosec // checked
	return s
}

// trust reads whose signatures are accepted, each time anew: a key that an
// operator takes out is not trusted from then on.
func (h *Host) trust() (*trust.Policy, error) {
	policy, err := trust.ReadPolicy(h.o.Config.Trust)
	if errors.Is(err, fs.ErrNotExist) {
		return &trust.Policy{}, nil // nobody's
	}
	if unusable := new(trust.PolicyError); errors.As(err, &unusable) {
		h.o.Server.Telemetry.Logger.Error("the trust file cannot be used: no signature is accepted until it is mended",
			"file", unusable.Path, "error_message", fmt.Sprintf("%v; %s", unusable.Err, unusable.Do))
	}
	return policy, err
}

// verify says whether a package's signature is accepted.
func (h *Host) verify(pkg *artifact.Package) error {
	policy, err := h.trust()
	if err != nil {
		return err
	}
	_, err = policy.Verify(pkg.Statement(), pkg.Signatures(), h.o.Server.Clock())
	return err
}

// load loads a release for the hooks that it exports.
func (h *Host) load(ctx context.Context, files fs.FS) (supervisor.Release, error) {
	m, err := plugin.ReadManifest(files)
	if err != nil {
		return nil, err
	}
	var exports []*component.Export
	for _, hook := range h.o.Hooks {
		if hook.takes(m) {
			exports = append(exports, hook.Exports...)
		}
	}
	if len(exports) == 0 {
		return nil, &HookError{Plugin: m.Ref(), Hooks: h.o.Hooks}
	}
	engine, err := h.engines.of(ctx, m)
	if err != nil {
		return nil, err
	}
	return plugin.Load(ctx, plugin.Options{
		Engine: engine.Engine, Compiler: engine.compiler, Files: files, Exports: exports, Events: h.record,
		Reuse: slices.Contains(h.o.Config.AllowReuse, m.Name), Warm: h.o.Config.Warm[m.Name],
		Host: plugin.Host{
			Logger: h.lines.logger(h.o.Server.Telemetry.Logger, m), Clock: h.o.Server.Clock, Config: h.o.Components[m.Name],
			Outbound: h.o.Outbound,
		},
	})
}

// HookError says that a plugin exports nothing that the service calls.
type HookError struct {
	Plugin string // "name@version"
	Hooks  []Hook // what the service calls
}

func (e *HookError) Error() string {
	hooks := make([]string, len(e.Hooks))
	for i, h := range e.Hooks {
		hooks[i] = h.String()
	}
	return fmt.Sprintf("pluginhost: %s exports nothing that this service calls: %s", e.Plugin, strings.Join(hooks, ", "))
}

// Slots returns the plugins that export an interface, in the order of their names.
func (h *Host) Slots(hook string) []*supervisor.Slot { return h.supervisor.Slots(hook) }

// Slot returns the plugin of a name.
func (h *Host) Slot(name string) (*supervisor.Slot, bool) { return h.supervisor.Slot(name) }

// Components tells operators what is loaded, and how it fares.
func (h *Host) Components() []*statusv1.Component {
	var components []*statusv1.Component
	for _, p := range h.supervisor.List() {
		current := p.Current.Status()
		current.Name, current.State = p.Name, string(p.State)
		components = append(components, current)
		if p.Canary != nil {
			canary := p.Canary.Status()
			canary.State = string(supervisor.Trial)
			components = append(components, canary)
			current.State = string(supervisor.Live)
		}
	}
	return components
}

// Close waits for calls to return, for at most ten seconds, and frees what there
// is.
func (h *Host) Close() error {
	err := h.supervisor.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if h.outbound != nil {
		h.outbound.Close()
	}
	h.record.stop(ctx)
	return errors.Join(err, h.engines.close())
}
