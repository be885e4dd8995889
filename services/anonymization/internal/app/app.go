// Package app puts the anonymization service together.
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
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	"github.com/hygia-suite/hygia/services/anonymization/internal/deid"
	"github.com/hygia-suite/hygia/services/anonymization/plugins"
)

// transformer is the name of the one plugin that replaces.
const transformer = "mask"

// Run serves until ctx ends.
func Run(ctx context.Context, env *service.Env[service.Config]) (err error) {
	o := env.ServerOptions(pluginhost.Policy(deid.Policy()))
	host, err := pluginhost.New(ctx, pluginhost.Options{
		Server: o, Config: env.Config.Plugins, Components: env.Config.Components, DataDir: env.Config.DataDir, Parallel: env.CPUs,
		Embedded: []fs.FS{plugins.BRIdentifiers(), plugins.Mask()},
		Hooks: []pluginhost.Hook{
			{Exports: anonymization.DetectorExports},
			{Exports: anonymization.TransformerExports, Only: transformer},
		},
	})
	if err != nil {
		return fmt.Errorf("anonymization: %w", err)
	}
	defer func() { err = errors.Join(err, host.Close()) }() //nolint:contextcheck // ctx has ended by then
	anonymizer, err := newAnonymizer(host, env)
	if err != nil {
		return err
	}
	o.Status.Engine = component.EngineName()
	o.Status.Components = host.Components
	server, err := rpc.NewServer(o) //nolint:contextcheck // calls bring contexts of their own
	if err != nil {
		return fmt.Errorf("anonymization: %w", err)
	}
	host.Register(server.GRPC())
	anonymizationv1.RegisterAnonymizationServiceServer(server.GRPC(), deid.NewServer(anonymizer))
	return server.Serve(ctx, env.Listener)
}

// finder and replacer are plugins that are held for one call.
type (
	finder struct {
		anonymization.Detector
		*supervisor.Pin
	}
	replacer struct {
		anonymization.Transformer
		*supervisor.Pin
	}
)

func newAnonymizer(host *pluginhost.Host, env *service.Env[service.Config]) (*deid.Anonymizer, error) {
	mask, ok := host.Slot(transformer)
	if !ok {
		return nil, fmt.Errorf("anonymization: the component %q is not embedded", transformer)
	}
	detector := anonymization.DetectorExports[0].Interface
	return deid.New(deid.Options{
		Detectors: func() []deid.Detector {
			var detectors []deid.Detector
			for _, slot := range host.Slots(detector) {
				pin := slot.Pin()
				detectors = append(detectors, finder{anonymization.NewDetector(pin), pin})
			}
			return detectors
		},
		Transformer: func() deid.Transformer {
			pin := mask.Pin()
			return replacer{anonymization.NewTransformer(pin), pin}
		},
		Logger: env.Logger,
	})
}
