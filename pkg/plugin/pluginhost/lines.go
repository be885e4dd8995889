package pluginhost

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin"
)

// maxLines is how many lines of a plugin are remembered.
const maxLines = 1000

// line is what is known of a line that a plugin wrote: never its text, which may
// hold a person's data (invariant 3).
type line struct {
	time    time.Time
	level   slog.Level
	bytes   int
	version string
}

// lines remembers the last lines of each plugin.
type lines struct {
	clock func() time.Time

	mu    sync.Mutex
	rings map[string]*ring
}

func newLines(clock func() time.Time) *lines {
	return &lines{clock: clock, rings: map[string]*ring{}}
}

// ring holds the last lines; next is where the next one goes.
type ring struct {
	lines []line
	next  int
}

func (r *ring) add(l line) {
	if len(r.lines) < maxLines {
		r.lines = append(r.lines, l)
		return
	}
	r.lines[r.next] = l
	r.next = (r.next + 1) % maxLines
}

// last returns at most n lines, newest first.
func (l *lines) last(name string, n int) []line {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rings[name]
	if r == nil {
		return nil
	}
	n = min(n, len(r.lines))
	last := make([]line, n)
	for i := range n {
		last[i] = r.lines[(r.next+len(r.lines)-1-i)%len(r.lines)]
	}
	return last
}

// forget drops the lines of a plugin that is not there any more.
func (l *lines) forget(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.rings, name)
}

// logger is what a plugin's lines go to: the service's log, as far as that takes
// them, and the ring.
func (l *lines) logger(to *slog.Logger, m plugin.Manifest) *slog.Logger {
	return slog.New(lineHandler{lines: l, to: to.Handler(), name: m.Name, version: m.Version})
}

type lineHandler struct {
	lines         *lines
	to            slog.Handler
	name, version string
}

// Enabled implements slog.Handler: the ring takes every level.
func (h lineHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h lineHandler) Handle(ctx context.Context, record slog.Record) error {
	l := line{time: h.lines.clock(), level: record.Level, version: h.version}
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "bytes" {
			l.bytes = int(a.Value.Int64())
		}
		return true
	})
	h.lines.mu.Lock()
	if h.lines.rings[h.name] == nil {
		h.lines.rings[h.name] = &ring{}
	}
	h.lines.rings[h.name].add(l)
	h.lines.mu.Unlock()
	if !h.to.Enabled(ctx, record.Level) {
		return nil
	}
	return h.to.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.to = h.to.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h lineHandler) WithGroup(name string) slog.Handler {
	h.to = h.to.WithGroup(name)
	return h
}
