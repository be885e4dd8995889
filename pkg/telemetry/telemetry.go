package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options is what a Telemetry is made of.
type Options struct {
	Service string // such as "content"
	Version string // the suite's, as semver
	// LogOutput takes the log lines.
	LogOutput io.Writer
	LogLevel  slog.Level
	LogFormat string // "json" or "text"
	// TracesEndpoint is an OTLP gRPC collector, "http://host:port" for plaintext
	// or "https://host:port"; with "" no trace is made.
	TracesEndpoint string
	// SpanExporter takes the spans instead of TracesEndpoint, where it is set.
	SpanExporter sdk.SpanExporter
}

// Telemetry is a service's logger, metrics and tracer. It touches none of the
// process's global ones. It is safe for concurrent use.
type Telemetry struct {
	Logger   *slog.Logger
	Registry *prometheus.Registry
	// Tracer provides tracers; those of pkg/rpc come from it.
	Tracer trace.TracerProvider
	Server *RPCMetrics // calls that this service answers
	Client *RPCMetrics // calls that it makes

	shutdown func(context.Context) error
}

// New makes a Telemetry. It does not wait for the collector of traces: where
// that cannot be reached, spans are dropped.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	t := &Telemetry{
		Logger:   NewLogger(o.LogOutput, o.LogFormat, o.LogLevel).With("service", o.Service, "version", o.Version),
		Registry: prometheus.NewRegistry(),
	}
	if err := t.register(o); err != nil {
		return nil, fmt.Errorf("telemetry: metrics: %w", err)
	}
	if err := t.traces(ctx, o); err != nil {
		return nil, fmt.Errorf("telemetry: traces: %w", err)
	}
	return t, nil
}

func (t *Telemetry) register(o Options) (err error) {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "hygia_build_info",
		Help:        "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"service": o.Service, "version": o.Version},
	})
	build.Set(1)
	for _, c := range []prometheus.Collector{
		build,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := t.Registry.Register(c); err != nil {
			return err
		}
	}
	if t.Server, err = newRPCMetrics(t.Registry, "server"); err != nil {
		return err
	}
	t.Client, err = newRPCMetrics(t.Registry, "client")
	return err
}

// MetricsHandler serves the registry in Prometheus' formats, to any caller: it
// belongs on a listener that only operators reach.
func (t *Telemetry) MetricsHandler() http.Handler {
	return promhttp.HandlerFor(t.Registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4,
		Timeout:             10 * time.Second,
	})
}

// Shutdown sends the spans that wait, as long as ctx allows.
func (t *Telemetry) Shutdown(ctx context.Context) error { return t.shutdown(ctx) }
