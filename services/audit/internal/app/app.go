// Package app puts the audit service together.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"k8s.io/klog/v2"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin/pluginhost"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/form"
	"github.com/hygia-suite/hygia/services/audit/internal/intake"
	"github.com/hygia-suite/hygia/services/audit/internal/server"
	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
	"github.com/hygia-suite/hygia/services/audit/internal/trail"
	"github.com/hygia-suite/hygia/services/audit/plugins"
)

// Config is the configuration file of the audit service.
type Config struct {
	service.Config `yaml:",inline"`
	// Origin is the log's name, in its checkpoints and in its key. It is chosen
	// when the log begins; another one later stops the start. Default
	// "<trust domain>/audit".
	Origin string `yaml:"origin"`
	// CheckpointMillis is how often a grown log is published, in milliseconds,
	// 100 at least. Askers for proofs of new events wait that long. Default 200.
	CheckpointMillis int `yaml:"checkpoint_millis"`
}

const defaultCheckpoint = 200 * time.Millisecond

// Run serves until ctx ends. What it acknowledged by then is in the log.
func Run(ctx context.Context, env *service.Env[Config]) (err error) {
	klog.SetSlogLogger(env.Logger) // Tessera's messages; klog has but the one, global, logger
	tree, err := tlog.Open(ctx, treeOptions(env.Config))
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, tree.Close()) }() //nolint:contextcheck // ctx has ended by then
	log, err := intake.Open(ctx, intake.Options{Tree: tree, Dir: env.Config.DataDir, Logger: env.Logger})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }() //nolint:contextcheck // ctx has ended by then
	events, err := trail.Open(ctx, trail.Options{Log: log, Dir: env.Config.DataDir, Logger: env.Logger})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, events.Close()) }()
	options := env.ServerOptions(pluginhost.Policy(server.Policy()))
	options.Audit = ownLog{events}
	host, err := pluginhost.New(ctx, pluginhost.Options{
		Server: options, Config: env.Config.Plugins, Components: env.Config.Components, DataDir: env.Config.DataDir, Parallel: env.CPUs,
		Embedded: []fs.FS{plugins.FHIRAuditEvent()}, Hooks: []pluginhost.Hook{{Exports: audit.FormatterExports}},
	})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer func() { err = errors.Join(err, host.Close()) }() //nolint:contextcheck // ctx has ended by then
	return serve(ctx, env.Listener, options, host, server.Options{
		Trail: events, Log: log, Tree: tree,
		Form: func(name string) (server.Form, bool) {
			slot, ok := host.Slot(name)
			if !ok {
				return nil, false
			}
			return form.New(slot), true
		},
	})
}

func serve(ctx context.Context, lis net.Listener, options rpc.ServerOptions, host *pluginhost.Host, o server.Options) error {
	options.Status.Engine = component.EngineName()
	options.Status.Components = host.Components
	s, err := rpc.NewServer(options) //nolint:contextcheck // calls bring contexts of their own
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	host.Register(s.GRPC())
	auditv1.RegisterAuditServiceServer(s.GRPC(), server.New(o))
	return serveWhile(ctx, s, lis, o.Log)
}

// serveWhile serves until ctx ends or the log fails. Then the process has to end
// too: the next one reads where the log stands.
func serveWhile(ctx context.Context, s *rpc.Server, lis net.Listener, log *intake.Log) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-log.Failed():
			cancel()
		case <-ctx.Done():
		}
	}()
	return errors.Join(s.Serve(ctx, lis), log.Err())
}

func treeOptions(c *Config) tlog.Options {
	o := tlog.Options{Dir: c.DataDir, Origin: c.Origin, CheckpointInterval: defaultCheckpoint}
	if o.Origin == "" {
		o.Origin = c.TrustDomain + "/audit"
	}
	if c.CheckpointMillis != 0 {
		o.CheckpointInterval = time.Duration(c.CheckpointMillis) * time.Millisecond
	}
	return o
}

// ownLog records what this service itself shows, without a detour over RPC.
type ownLog struct{ trail *trail.Trail }

// Append implements audit.Log.
func (l ownLog) Append(ctx context.Context, events ...*auditv1.Event) error {
	_, err := l.trail.Append(ctx, events)
	return err
}
