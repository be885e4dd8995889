package telemetry

import (
	"io"
	"log/slog"
	"time"
)

// NewLogger returns a logger that writes one line a record, as JSON or, with
// format "text", as key=value. It withholds what the table of allow.go does not
// list.
func NewLogger(w io.Writer, format string, level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: replace}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// replace sees every attribute that is not a group, after LogValue.
func replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 {
		switch a.Key {
		case slog.TimeKey:
			if a.Value.Kind() == slog.KindTime {
				return slog.Time(a.Key, a.Value.Time().UTC())
			}
		case slog.LevelKey:
			return slog.String(a.Key, levelName(a.Value))
		case slog.MessageKey:
			return slog.String(a.Key, message(a.Value.String()))
		}
	}
	return slog.Attr{Key: name(a.Key), Value: value(a.Key, a.Value)}
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
			return slog.TimeValue(v.Time().UTC())
		}
	case slog.KindString:
		return slog.StringValue(allowed(key, v.String()))
	}
	return slog.StringValue(Withheld)
}

// name keeps a key that is not in the table readable, so that a programmer sees
// which one to rename, unless it may itself be data.
func name(key string) string {
	if len(key) <= 64 && word(key) {
		return key
	}
	return Withheld
}

func message(s string) string {
	if len(s) <= maxValue && sentence(s) {
		return s
	}
	return Withheld
}

func levelName(v slog.Value) string {
	if l, ok := v.Any().(slog.Level); ok {
		return l.String()
	}
	return Withheld
}
