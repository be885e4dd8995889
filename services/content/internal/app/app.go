// Package app puts the content service together.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/pluginhost"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/api"
	"github.com/hygia-suite/hygia/services/content/internal/imports"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore"
	"github.com/hygia-suite/hygia/services/content/internal/validators"
	"github.com/hygia-suite/hygia/services/content/internal/workflow"
	"github.com/hygia-suite/hygia/services/content/plugins"
)

// What the audit log calls work that goes on without a call.
const (
	publishDue = "/hygia.content.v1.ContentService/PublishDue"
	runImport  = "/hygia.content.v1.ImportService/RunImport"
)

// importer is the one plugin that reads WordPress's exports.
const importer = "wordpress-import"

// Deps are what the service works with; all are required.
type Deps struct {
	// DataDir is where the service keeps content.db, the entries and all that
	// belongs to them, and imports/, the exports that are not read to their end.
	// One process works in it.
	DataDir  string
	Listener net.Listener
	// Options are those of every server of the suite; Serve adds what is this
	// service's own.
	Options rpc.ServerOptions
	// Components are the operator's values for components, by name and key; Plugins
	// say which may be installed.
	Components map[string]map[string]string
	Plugins    service.Plugins
	// CPUs is how many calls of components compute at once; 0 is what Go finds.
	CPUs int
	// Validation is a connection to the validation service.
	Validation grpc.ClientConnInterface
}

// Run serves with what a process has, until ctx ends.
func Run(ctx context.Context, env *service.Env[service.Config]) error {
	if env.AuditLog == nil || env.Verifier == nil || env.Config.Validation == "" {
		return errors.New("content: the settings accounts, audit and validation are required: nothing is kept unrecorded, or submitted unchecked")
	}
	validation, err := env.Dial(ctx, rpc.Validation)
	if err != nil {
		return err
	}
	return Serve(ctx, Deps{
		DataDir: env.Config.DataDir, Listener: env.Listener, Options: env.ServerOptions(api.Policy()),
		Components: env.Config.Components, Plugins: env.Config.Plugins, Validation: validation, CPUs: env.CPUs,
	})
}

// Serve answers on the listener, publishes what is due and works on imports,
// until ctx ends.
func Serve(ctx context.Context, d Deps) (err error) {
	release, err := lock(d.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	host, err := pluginhost.New(ctx, pluginhost.Options{
		Server: d.Options, Config: d.Plugins, Components: d.Components, DataDir: d.DataDir, Parallel: d.CPUs,
		Embedded: []fs.FS{plugins.WordPressImport()}, Hooks: []pluginhost.Hook{{Exports: content.ImporterExports, Only: importer}},
	})
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	defer func() { err = errors.Join(err, host.Close()) }() //nolint:contextcheck // ctx has ended by then
	s, err := sqlitestore.Open(ctx, sqlitestore.Options{
		Path: filepath.Join(d.DataDir, "content.db"), Event: rpc.WriteEvent, Clock: d.Options.Clock,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return run(ctx, d, s, host)
}

// run builds the service over its store and its plugins, and lets its parts
// work until one of them fails or ctx ends.
func run(ctx context.Context, d Deps, s *sqlitestore.Store, host *pluginhost.Host) error {
	o := d.Options
	logger := o.Telemetry.Logger
	outbox := audit.NewOutbox(s.Outbox(), o.Audit, logger, o.Clock)
	o.Policy = pluginhost.Policy(api.Policy())
	o.Outbox = outbox
	o.Status.Engine = component.EngineName()
	o.Status.Components = host.Components
	server, err := rpc.NewServer(o) //nolint:contextcheck // calls bring contexts of their own
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	flow := workflow.New(workflow.Options{
		Store: s, Validator: validators.New(validationv1.NewValidationServiceClient(d.Validation)), Clock: o.Clock, IDs: o.IDs,
	})
	scheduler := workflow.NewScheduler(workflow.SchedulerOptions{
		Workflow: flow, Store: s, Job: scheduled(server), Clock: o.Clock, Logger: logger,
	})
	host.Register(server.GRPC())
	wordpress, err := format(host)
	if err != nil {
		return err
	}
	transfers, err := imports.New(ctx, imports.Options{
		Dir: filepath.Join(d.DataDir, "imports"), Store: s, Formats: map[string]imports.Format{"wordpress": wordpress},
		Job: imported(server), Clock: o.Clock, IDs: o.IDs, Logger: logger,
	})
	if err != nil {
		return err
	}
	contentv1.RegisterContentServiceServer(server.GRPC(), api.NewContent(flow, s))
	contentv1.RegisterImportServiceServer(server.GRPC(), api.NewImports(transfers, s))

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(ctx, d.Listener) })
	group.Go(func() error { return scheduler.Run(ctx) })
	group.Go(func() error { return transfers.Run(ctx) })
	group.Go(func() error { return outbox.Run(ctx) })
	return group.Wait()
}

// format is what the importer reads, with the release that is live when an import
// is opened.
func format(host *pluginhost.Host) (imports.Format, error) {
	slot, ok := host.Slot(importer)
	if !ok {
		return imports.Format{}, fmt.Errorf("content: the component %q is not embedded", importer)
	}
	return imports.Format{
		Importer: func() string {
			pin := slot.Pin()
			defer pin.Release()
			return pin.Name()
		},
		Open: func(folder string) (imports.Opened, error) { return open(slot.Pin(), folder) },
	}, nil
}

// open gives an importer its one folder, under the name and at the place that its
// manifest asks for.
func open(pin *supervisor.Pin, folder string) (_ imports.Opened, err error) {
	defer func() {
		if err != nil {
			pin.Release()
		}
	}()
	folders := pin.Manifest().Grants.Folders
	if len(folders) != 1 || folders[0].Access != plugin.ReadOnly {
		return imports.Opened{}, fmt.Errorf("content: %s must ask for one folder, read-only", pin.Name())
	}
	session, done, err := pin.WithFolders(map[string]string{folders[0].Name: folder})
	if err != nil {
		return imports.Opened{}, err
	}
	return imports.Opened{
		Importer: content.NewImporter(session),
		Path:     path.Join(folders[0].Path, imports.FileName),
		Close: func() {
			done()
			pin.Release()
		},
	}, nil
}

// scheduled records a publication that a schedule asked for, and no person.
func scheduled(s *rpc.Server) func(context.Context, string, func(context.Context) error) error {
	return func(ctx context.Context, tenant string, run func(context.Context) error) error {
		return s.Background(ctx, rpc.Job{Method: publishDue, Action: auditv1.Action_ACTION_UPDATE, Tenant: tenant}, run)
	}
}

// imported records an import's work as done for the person who uploaded it.
func imported(s *rpc.Server) func(context.Context, string, store.Import, func(context.Context) error) error {
	return func(ctx context.Context, tenant string, i store.Import, run func(context.Context) error) error {
		person := &actor.Actor{Person: i.Person, Tenant: tenant, Purpose: actor.Purpose(i.Purpose)}
		return s.Background(ctx, rpc.Job{Method: runImport, Action: auditv1.Action_ACTION_CREATE, Actor: person}, run)
	}
}
