package telemetry

import (
	"context"
	"io"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger returns a logger that writes one line a record, as JSON or, with
// format "text", as key=value. It withholds what the table of allow.go does not
// list, and adds the ids of the trace that a record's context belongs to.
func NewLogger(w io.Writer, format string, level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: utc}
	if format == "text" {
		return slog.New(handler{slog.NewTextHandler(w, o)})
	}
	return slog.New(handler{slog.NewJSONHandler(w, o)})
}

func utc(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}

// handler hands on clean records alone. It stands before the handler that
// writes, where a record's own message and an attribute called "msg" can still
// be told apart.
type handler struct{ to slog.Handler }

// Enabled implements slog.Handler.
func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.to.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, message(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(cleanAttr(a))
		return true
	})
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		clean.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.to.Handle(ctx, clean)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = cleanAttr(a)
	}
	return handler{h.to.WithAttrs(clean)}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.to.WithGroup(key(name))} }

func cleanAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		if a.Equal(slog.Attr{}) {
			return a // handlers leave it out
		}
		return slog.Attr{Key: key(a.Key), Value: value(a.Key, v)}
	}
	members := make([]slog.Attr, 0, len(v.Group()))
	for _, m := range v.Group() {
		members = append(members, cleanAttr(m))
	}
	return slog.Attr{Key: key(a.Key), Value: slog.GroupValue(members...)}
}

func value(key string, v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindBool:
		if numbers[key] {
			return v
		}
	case slog.KindDuration:
		if numbers[key] {
			return slog.Float64Value(float64(v.Duration()) / float64(time.Millisecond))
		}
	case slog.KindTime:
		if times[key] {
			return v
		}
	case slog.KindString:
		return slog.StringValue(allowed(key, v.String()))
	}
	return slog.StringValue(Withheld)
}

// key keeps a key that is not in the table readable, so that a programmer sees
// which one to rename, unless it may itself be data.
func key(s string) string {
	if len(s) <= 64 && word(s) {
		return s
	}
	return Withheld
}

func message(s string) string {
	if len(s) <= maxValue && sentence(s) {
		return s
	}
	return Withheld
}
