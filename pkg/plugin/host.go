package plugin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin/outbound"
	"github.com/hygia-suite/hygia/pkg/wit/host"
)

// Host is what the host interfaces work with. A component whose manifest grants
// an interface is not loaded where that interface lacks what it needs.
type Host struct {
	// Logger serves hygia:host/log, and gets what a component with WASI writes to
	// its standard output and error. Of a guest's line it gets the level and the
	// length, and never the text: a guest may put a person's data into it, and
	// that must not reach a log (invariant 3).
	Logger *slog.Logger
	// Clock serves hygia:host/clock, and WASI's clocks.
	Clock func() time.Time
	// Random serves WASI's random numbers; nil is crypto/rand's reader.
	Random io.Reader
	// Config serves hygia:host/config, and WASI's environment: the operator's
	// values, by key or by the variable's name. A component sees those alone that
	// its manifest names.
	Config map[string]string
	// Transcript gets a guest's lines with their text, in the Logger's place. It is
	// for fixtures, where no person's data is: services leave it nil.
	Transcript func(level, text string)
	// Outbound serves hygia:host/outbound-http, for the hosts that a component's
	// manifest names: an *outbound.Client, but where nothing may leave the process.
	Outbound outbound.Sender
}

// The host interfaces, as manifests grant them.
const (
	logInterface      = "hygia:host/log@0.1.0"
	clockInterface    = "hygia:host/clock@0.1.0"
	configInterface   = "hygia:host/config@0.1.0"
	outboundInterface = "hygia:host/outbound-http@0.1.0"
)

// What one call may do.
const (
	maxLines    = 100 // that it logs
	maxRequests = 32  // that it sends
)

// functions makes the host's side of what the manifest grants, and of nothing
// else.
func (o Options) functions(m Manifest) (*component.Host, error) {
	h, name := o.Host, m.Ref()
	functions := component.NewHost()
	for _, granted := range m.Grants.Interfaces {
		granted, _, _ := strings.Cut(granted, "#") // Link gives no more than is imported, which was checked
		switch {
		case granted == logInterface && (h.Logger != nil || h.Transcript != nil):
			host.AddLog(functions, guestLog{h, name})
		case granted == clockInterface && h.Clock != nil:
			host.AddClock(functions, guestClock(h.Clock))
		case granted == outboundInterface && h.Outbound != nil:
			host.AddOutboundHTTP(functions, guestHTTP{h.Outbound, m, o.Events})
		case granted == configInterface:
			host.AddConfig(functions, guestConfig{h.Config, m.Grants.Config})
		default:
			return nil, fmt.Errorf("plugin: %s is granted %s, which this host does not give", name, granted)
		}
	}
	return functions, nil
}

// spent is what one call has used of the bounds above.
type spent struct{ lines, requests atomic.Int32 }

type spentKey struct{}

// counted gives a call its bounds.
func counted(ctx context.Context) context.Context {
	return context.WithValue(ctx, spentKey{}, new(spent))
}

// line takes one of a call's lines, and reports whether there was one.
func line(ctx context.Context) bool {
	s, ok := ctx.Value(spentKey{}).(*spent)
	return ok && s.lines.Add(1) <= maxLines
}

type guestLog struct {
	host Host
	name string
}

func (l guestLog) Write(ctx context.Context, level host.Level, message string) error {
	if err := component.CountLog(ctx, len(message)); err != nil {
		return err
	}
	if !line(ctx) {
		return nil
	}
	if l.host.Transcript != nil {
		l.host.Transcript(strings.ToLower(slogLevel(level).String()), message)
		return nil
	}
	l.host.Logger.Log(ctx, slogLevel(level), "a component wrote a line", "component", l.name, "bytes", len(message))
	return nil
}

func slogLevel(level host.Level) slog.Level {
	switch level {
	case host.LevelError:
		return slog.LevelError
	case host.LevelWarn:
		return slog.LevelWarn
	case host.LevelInfo:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

type guestClock func() time.Time

func (c guestClock) Now(context.Context) (host.Datetime, error) {
	now := c()
	return host.Datetime{Seconds: uint64(max(now.Unix(), 0)), Nanoseconds: uint32(now.Nanosecond())}, nil
}

type guestConfig struct {
	values map[string]string
	keys   []string
}

func (c guestConfig) Get(_ context.Context, key string) (*string, error) {
	value, set := c.values[key]
	if !set || !slices.Contains(c.keys, key) {
		return nil, nil
	}
	return &value, nil
}
