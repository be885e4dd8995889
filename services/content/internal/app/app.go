// Package app puts the content service together.
package app

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
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

// Run serves until ctx ends. In the service's data_dir it keeps content.db, the
// entries and all that belongs to them, and imports/, the exports that are not
// read to their end.
func Run(ctx context.Context, env *service.Env[service.Config]) (err error) {
	if env.AuditLog == nil || env.Verifier == nil || env.Config.Validation == "" {
		return errors.New("content: accounts, audit and validation must be configured: entries are not kept unrecorded, nor submitted unchecked")
	}
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	importer, err := plugin.Load(ctx, plugin.Options{
		Engine: engine, Files: plugins.WordPressImport(), Exports: content.ImporterExports,
	})
	if err != nil {
		return err
	}
	defer importer.Close()
	wordpress, err := format(importer)
	if err != nil {
		return err
	}
	s, err := sqlitestore.Open(ctx, sqlitestore.Options{
		Path: filepath.Join(env.Config.DataDir, "content.db"), Event: rpc.WriteEvent, Clock: env.Clock,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	outbox := audit.NewOutbox(s.Outbox(), env.AuditLog, env.Logger, env.Clock)

	o := env.ServerOptions(api.Policy())
	o.Outbox = outbox
	o.Status.Engine = component.EngineName()
	o.Status.Components = func() []*statusv1.Component { return []*statusv1.Component{importer.Status()} }
	server, err := rpc.NewServer(o)
	if err != nil {
		return fmt.Errorf("content: %w", err)
	}
	validation, err := env.Dial(ctx, rpc.Validation)
	if err != nil {
		return err
	}
	flow := workflow.New(workflow.Options{
		Store: s, Validator: validators.New(validationv1.NewValidationServiceClient(validation)), Clock: env.Clock, IDs: env.IDs,
	})
	scheduler := workflow.NewScheduler(workflow.SchedulerOptions{
		Workflow: flow, Store: s, Job: scheduled(server), Clock: env.Clock, Logger: env.Logger,
	})
	transfers, err := imports.New(ctx, imports.Options{
		Dir: filepath.Join(env.Config.DataDir, "imports"), Store: s, Formats: map[string]imports.Format{"wordpress": wordpress},
		Job: imported(server), Clock: env.Clock, IDs: env.IDs, Logger: env.Logger,
	})
	if err != nil {
		return err
	}
	contentv1.RegisterContentServiceServer(server.GRPC(), api.NewContent(flow, s))
	contentv1.RegisterImportServiceServer(server.GRPC(), api.NewImports(transfers, s))

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(ctx, env.Listener) })
	group.Go(func() error { return scheduler.Run(ctx) })
	group.Go(func() error { return transfers.Run(ctx) })
	group.Go(func() error { return outbox.Run(ctx) })
	return group.Wait()
}

// format gives the importer its one folder, under the name and at the place that
// its manifest asks for.
func format(p *plugin.Plugin) (imports.Format, error) {
	folders := p.Manifest().Grants.Folders
	if len(folders) != 1 || folders[0].Access != plugin.ReadOnly {
		return imports.Format{}, fmt.Errorf("content: %s must ask for one folder, read-only", p.Name())
	}
	return imports.Format{
		Importer: p.Name(),
		Path:     path.Join(folders[0].Path, imports.FileName),
		Open: func(folder string) (imports.Importer, func(), error) {
			program, err := p.WithFolders(map[string]string{folders[0].Name: folder})
			if err != nil {
				return nil, nil, err
			}
			return content.NewImporter(program), program.Close, nil
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
