package pluginhost

import (
	"context"
	"log/slog"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
)

// defaultLines is how many lines are shown where nobody says.
const defaultLines = 100

// Register serves PluginService. Its policy is Policy.
func (h *Host) Register(s grpc.ServiceRegistrar) {
	pluginv1.RegisterPluginServiceServer(s, &server{host: h})
}

type server struct {
	pluginv1.UnimplementedPluginServiceServer
	host *Host
}

// admit refuses a request for another service, and whoever may not manage the
// plugins of this one: they run on every tenant's data.
func (s *server) admit(ctx context.Context, name string) error {
	if name != s.host.o.Server.Service {
		return errOtherService
	}
	person, ok := actor.From(ctx)
	admitted := s.host.o.Config.Administrators
	if !ok || !slices.Contains(admitted, person.Tenant) && !slices.Equal(admitted, []string{service.AnyTenant}) {
		return errNotManaged
	}
	return nil
}

// ListPlugins lists every plugin.
func (s *server) ListPlugins(ctx context.Context, r *pluginv1.ListPluginsRequest) (*pluginv1.ListPluginsResponse, error) {
	if err := s.admit(ctx, r.GetService()); err != nil {
		return nil, err
	}
	response := &pluginv1.ListPluginsResponse{}
	for _, p := range s.host.supervisor.List() {
		response.Plugins = append(response.Plugins, show(p))
	}
	return response, nil
}

// InstallPlugin takes a package whole, then installs it.
func (s *server) InstallPlugin(stream grpc.ClientStreamingServer[pluginv1.InstallPluginRequest, pluginv1.InstallPluginResponse]) error {
	ctx := stream.Context()
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	if err := s.admit(ctx, first.GetService()); err != nil {
		return err
	}
	piece := first
	file, err := s.host.uploads.receive(ctx, func() (chunk []byte, err error) {
		if piece == nil {
			if piece, err = stream.Recv(); err != nil {
				return nil, err
			}
		}
		chunk, piece = piece.GetChunk(), nil
		return chunk, nil
	})
	if err != nil {
		return err
	}
	select { // one package in memory at a time
	case s.host.installing <- struct{}{}:
		defer func() { <-s.host.installing }()
	case <-ctx.Done():
		_ = file.Close()
		return context.Cause(ctx)
	}
	pkg, err := readPackage(file)
	if err != nil {
		return err
	}
	m := pkg.Manifest()
	affects(ctx, m.Name, m.Version)
	rpc.Affects(ctx, "digest", m.Digest)
	p, err := s.host.supervisor.Install(ctx, pkg, int(first.GetCanaryPercent()))
	if err != nil {
		return asFault(err)
	}
	return stream.SendAndClose(&pluginv1.InstallPluginResponse{Plugin: show(p)})
}

// affects names a plugin for the audit record.
func affects(ctx context.Context, name, version string) {
	rpc.Affects(ctx, "plugin", name)
	for _, o := range objects("plugin_version", version) {
		rpc.Affects(ctx, o.GetKind(), o.GetId())
	}
}

// PromotePlugin gives a canary all calls.
func (s *server) PromotePlugin(ctx context.Context, r *pluginv1.PromotePluginRequest) (*pluginv1.PromotePluginResponse, error) {
	if err := s.admit(ctx, r.GetService()); err != nil {
		return nil, err
	}
	affects(ctx, r.GetName(), r.GetVersion())
	p, err := s.host.supervisor.Promote(ctx, r.GetName(), r.GetVersion())
	if err != nil {
		return nil, asFault(err)
	}
	return &pluginv1.PromotePluginResponse{Plugin: show(p)}, nil
}

// RollbackPlugin leaves a release.
func (s *server) RollbackPlugin(ctx context.Context, r *pluginv1.RollbackPluginRequest) (*pluginv1.RollbackPluginResponse, error) {
	if err := s.admit(ctx, r.GetService()); err != nil {
		return nil, err
	}
	affects(ctx, r.GetName(), r.GetVersion())
	p, err := s.host.supervisor.Rollback(ctx, r.GetName(), r.GetVersion())
	if err != nil {
		return nil, asFault(err)
	}
	return &pluginv1.RollbackPluginResponse{Plugin: show(p)}, nil
}

// RemovePlugin takes an installed plugin out.
func (s *server) RemovePlugin(ctx context.Context, r *pluginv1.RemovePluginRequest) (*pluginv1.RemovePluginResponse, error) {
	if err := s.admit(ctx, r.GetService()); err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "plugin", r.GetName())
	if err := s.host.supervisor.Remove(ctx, r.GetName()); err != nil {
		return nil, asFault(err)
	}
	s.host.lines.forget(r.GetName())
	return &pluginv1.RemovePluginResponse{}, nil
}

// GetPluginLog shows what is known of a plugin's lines.
func (s *server) GetPluginLog(ctx context.Context, r *pluginv1.GetPluginLogRequest) (*pluginv1.GetPluginLogResponse, error) {
	if err := s.admit(ctx, r.GetService()); err != nil {
		return nil, err
	}
	if _, ok := s.host.supervisor.Slot(r.GetName()); !ok {
		return nil, asFault(supervisor.ErrNotFound)
	}
	n := int(r.GetPageSize())
	if n == 0 {
		n = defaultLines
	}
	response := &pluginv1.GetPluginLogResponse{}
	for _, l := range s.host.lines.last(r.GetName(), n) {
		response.Lines = append(response.Lines, &pluginv1.LogLine{
			Time: timestamppb.New(l.time), Level: level(l.level), Bytes: int32(min(l.bytes, 1<<30)), Version: l.version,
		})
	}
	return response, nil
}

func level(l slog.Level) pluginv1.LogLevel {
	switch {
	case l >= slog.LevelError:
		return pluginv1.LogLevel_LOG_LEVEL_ERROR
	case l >= slog.LevelWarn:
		return pluginv1.LogLevel_LOG_LEVEL_WARN
	case l >= slog.LevelInfo:
		return pluginv1.LogLevel_LOG_LEVEL_INFO
	default:
		return pluginv1.LogLevel_LOG_LEVEL_DEBUG
	}
}

// states are the states, as the API has them.
//
//nolint:gochecknoglobals // immutable
var states = map[supervisor.State]pluginv1.PluginState{
	supervisor.Starting: pluginv1.PluginState_PLUGIN_STATE_STARTING,
	supervisor.Live:     pluginv1.PluginState_PLUGIN_STATE_LIVE,
	supervisor.Trial:    pluginv1.PluginState_PLUGIN_STATE_CANARY,
	supervisor.Retrying: pluginv1.PluginState_PLUGIN_STATE_RETRYING,
	supervisor.Broken:   pluginv1.PluginState_PLUGIN_STATE_BROKEN,
	supervisor.Stopped:  pluginv1.PluginState_PLUGIN_STATE_STOPPED,
}

// show is a plugin as the API has it.
func show(p supervisor.Plugin) *pluginv1.Plugin {
	shown := &pluginv1.Plugin{
		Name: p.Name, Embedded: p.Embedded, State: states[p.State], Current: release(p.Current, p.Installed),
		CanaryPercent: int32(p.CanaryPercent), Problem: p.Problem, Calls: p.Calls, Failures: p.Failures, //nolint:gosec // at most 99
		OnFailure: string(p.Current.OnFailure), NewerEmbeddedVersion: p.Newer,
	}
	if p.Canary != nil {
		shown.Canary = release(*p.Canary, p.Candidate)
	}
	if p.Previous != nil {
		shown.Previous = release(plugin.Manifest{Version: p.Previous.Version}, p.Previous)
	}
	return shown
}

// release is one version; the entry is nil for what ships with the service.
func release(m plugin.Manifest, e *store.Entry) *pluginv1.Release {
	status := m.Status()
	r := &pluginv1.Release{Version: m.Version, Digest: m.Digest, Exports: status.GetExports(), Grants: status.GetGrants()}
	if e != nil {
		r.Signer, r.InstallTime = e.Key, timestamppb.New(e.Installed)
	}
	return r
}
