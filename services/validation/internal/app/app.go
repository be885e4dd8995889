// Package app puts the validation service together.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin/pluginhost"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/validation/internal/checks"
	"github.com/hygia-suite/hygia/services/validation/plugins"
)

// Run serves until ctx ends.
func Run(ctx context.Context, env *service.Env[service.Config]) (err error) {
	o := env.ServerOptions(pluginhost.Policy(checks.Policy()))
	hook := pluginhost.Hook{Exports: validation.ValidatorExports}
	host, err := pluginhost.New(ctx, pluginhost.Options{
		Server: o, Config: env.Config.Plugins, Components: env.Config.Components, DataDir: env.Config.DataDir, Parallel: env.CPUs,
		Embedded: []fs.FS{plugins.MedicalBasics(), plugins.DocumentNumbers()}, Hooks: []pluginhost.Hook{hook},
	})
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	defer func() { err = errors.Join(err, host.Close()) }() //nolint:contextcheck // ctx has ended by then
	o.Status.Engine = component.EngineName()
	o.Status.Components = host.Components
	server, err := rpc.NewServer(o) //nolint:contextcheck // calls bring contexts of their own
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	host.Register(server.GRPC())
	set := checks.NewSet(env.Logger, func() []checks.Validator { return hold(host.Slots(hook.Interface())) })
	validationv1.RegisterValidationServiceServer(server.GRPC(), checks.NewServer(set))
	return server.Serve(ctx, env.Listener)
}

// validator is a plugin that is held for one check.
type validator struct {
	validation.Validator
	*supervisor.Pin
}

func hold(slots []*supervisor.Slot) []checks.Validator {
	validators := make([]checks.Validator, len(slots))
	for i, slot := range slots {
		pin := slot.Pin()
		validators[i] = validator{validation.NewValidator(pin), pin}
	}
	return validators
}
