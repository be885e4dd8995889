// Package app puts the validation service together.
package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/validation/internal/checks"
	"github.com/hygia-suite/hygia/services/validation/plugins"
)

// Run serves until ctx ends.
func Run(ctx context.Context, env *service.Env[service.Config]) (err error) {
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	p, err := plugin.Load(ctx, plugin.Options{
		Engine: engine, Files: plugins.MedicalBasics(), Exports: validation.ValidatorExports,
		Host: plugin.Host{Logger: env.Logger, Clock: env.Clock, Config: env.Config.Components["medical-basics"]},
	})
	if err != nil {
		return err
	}
	defer p.Close()
	set, err := checks.NewSet(env.Logger, checks.Validator{
		Name: p.Name(), Engine: validation.NewValidator(p), Skip: p.Manifest().OnFailure == plugin.Skip,
	})
	if err != nil {
		return err
	}
	o := env.ServerOptions(checks.Policy())
	o.Status.Engine = component.EngineName()
	o.Status.Components = func() []*statusv1.Component { return []*statusv1.Component{p.Status()} }
	server, err := rpc.NewServer(o) //nolint:contextcheck // calls bring contexts of their own
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	validationv1.RegisterValidationServiceServer(server.GRPC(), checks.NewServer(set))
	return server.Serve(ctx, env.Listener)
}
