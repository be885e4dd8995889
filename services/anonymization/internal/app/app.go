// Package app puts the anonymization service together.
package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
	"github.com/hygia-suite/hygia/services/anonymization/internal/deid"
	"github.com/hygia-suite/hygia/services/anonymization/plugins"
)

// Run serves until ctx ends.
func Run(ctx context.Context, env *service.Env[service.Config]) (err error) {
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	detector, err := plugin.Load(ctx, plugin.Options{
		Engine: engine, Files: plugins.BRIdentifiers(), Exports: anonymization.DetectorExports,
		Host: plugin.Host{Logger: env.Logger, Clock: env.Clock, Config: env.Config.Components["br-identifiers"]},
	})
	if err != nil {
		return err
	}
	defer detector.Close()
	transformer, err := plugin.Load(ctx, plugin.Options{
		Engine: engine, Files: plugins.Mask(), Exports: anonymization.TransformerExports,
		Host: plugin.Host{Logger: env.Logger, Clock: env.Clock, Config: env.Config.Components["mask"]},
	})
	if err != nil {
		return err
	}
	defer transformer.Close()
	anonymizer, err := deid.New(deid.Options{
		Detectors:   []deid.Detector{{Name: detector.Name(), Finder: anonymization.NewDetector(detector)}},
		Transformer: deid.Transformer{Name: transformer.Name(), Replacer: anonymization.NewTransformer(transformer)},
		Logger:      env.Logger,
	})
	if err != nil {
		return err
	}
	o := env.ServerOptions(deid.Policy())
	o.Status.Engine = component.EngineName()
	o.Status.Components = func() []*statusv1.Component {
		return []*statusv1.Component{detector.Status(), transformer.Status()}
	}
	server, err := rpc.NewServer(o) //nolint:contextcheck // calls bring contexts of their own
	if err != nil {
		return fmt.Errorf("anonymization: %w", err)
	}
	anonymizationv1.RegisterAnonymizationServiceServer(server.GRPC(), deid.NewServer(anonymizer))
	return server.Serve(ctx, env.Listener)
}
