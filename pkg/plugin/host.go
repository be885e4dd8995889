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
			host.AddConfig(functions, guestConfig{h.Config, m, o.Events})
		default:
			return nil, fmt.Errorf("plugin: %s is granted %s, which this host does not give", name, granted)
		}
	}
	return functions, nil
}

// spent is what one call has used of the bounds above, and whether it was told that a
// key was withheld from it.
type spent struct {
	lines, requests atomic.Int32
	withheld        atomic.Bool
}

type spentKey struct{}

// counted gives a call its bounds.
func counted(ctx context.Context) context.Context {
	return context.WithValue(ctx, spentKey{}, new(spent))
}

func spentBy(ctx context.Context) *spent {
	s, _ := ctx.Value(spentKey{}).(*spent)
	return s
}

// line takes one of a call's lines, and reports whether there was one.
func line(ctx context.Context) bool {
	s := spentBy(ctx)
	return s != nil && s.lines.Add(1) <= maxLines
}

// dropped is how many lines of a call were left out.
func dropped(ctx context.Context) int32 {
	if s := spentBy(ctx); s != nil {
		return max(s.lines.Load()-maxLines, 0)
	}
	return 0
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

// dropped says how many lines of a call are missing.
func (h Host) dropped(ctx context.Context, name string, lines int) {
	switch {
	case h.Transcript != nil:
		h.Transcript("warn", fmt.Sprintf("a call may write %d lines; %d more were dropped", maxLines, lines))
	case h.Logger != nil:
		h.Logger.WarnContext(ctx, "lines of a component were dropped", "component", name, "count", lines)
	}
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
	values   map[string]string
	manifest Manifest
	events   Events
}

// Get answers for a key that the manifest does not name as for one that is not set, and
// tells of it once a call. The record has no key: a guest can write anything into one.
func (c guestConfig) Get(ctx context.Context, key string) (*string, error) {
	if !slices.Contains(c.manifest.Grants.Config, key) {
		return nil, c.withheld(ctx)
	}
	if value, set := c.values[key]; set {
		return &value, nil
	}
	return nil, nil
}

func (c guestConfig) withheld(ctx context.Context) error {
	if s := spentBy(ctx); c.events == nil || s == nil || s.withheld.Swap(true) {
		return nil
	}
	return c.events.Record(ctx, Event{
		Kind: EventWithheld, Plugin: c.manifest.Ref(), Digest: c.manifest.Digest,
		Function: configInterface + "#get", Cause: "key not granted",
	})
}
