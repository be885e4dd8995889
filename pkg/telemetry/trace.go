package telemetry

import (
	"context"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/stats"
)

// spanKeys are the span attributes that may leave: which method, which outcome.
// Addresses, messages and error texts are not among them.
//
//nolint:gochecknoglobals // immutable
var spanKeys = map[attribute.Key]bool{
	"rpc.system": true, "rpc.system.name": true, "rpc.service": true, "rpc.method": true,
	"rpc.grpc.status_code": true, "rpc.response.status_code": true,
	"http.request.method": true, "http.response.status_code": true, "http.route": true,
	"hygia.component": true, "hygia.reason": true,
}

func (t *Telemetry) traces(ctx context.Context, o Options) error {
	exporter := o.SpanExporter
	if exporter == nil && o.TracesEndpoint == "" {
		t.Tracer = noop.NewTracerProvider()
		t.shutdown = func(context.Context) error { return nil }
		return nil
	}
	if exporter == nil {
		var err error
		if exporter, err = otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(o.TracesEndpoint)); err != nil {
			return err
		}
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(strict{exporter}),
		sdk.WithSampler(sdk.ParentBased(sdk.AlwaysSample())),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", o.Service),
			attribute.String("service.namespace", "hygia"),
			attribute.String("service.version", o.Version),
		)),
	)
	t.Tracer, t.shutdown = provider, provider.Shutdown
	return nil
}

// ServerStats traces the calls that a server answers; for grpc.StatsHandler.
func (t *Telemetry) ServerStats() stats.Handler { return otelgrpc.NewServerHandler(t.options()...) }

// ClientStats traces the calls that a client makes; for grpc.WithStatsHandler.
func (t *Telemetry) ClientStats() stats.Handler { return otelgrpc.NewClientHandler(t.options()...) }

// options propagate the trace's ids alone: baggage would carry what callers put
// into it from service to service.
func (t *Telemetry) options() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t.Tracer),
		otelgrpc.WithMeterProvider(metricnoop.NewMeterProvider()),
		otelgrpc.WithPropagators(propagation.TraceContext{}),
	}
}

// strict hands an exporter spans without what may not leave.
type strict struct{ sdk.SpanExporter }

// ExportSpans implements sdk.SpanExporter.
func (s strict) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	clean := make([]sdk.ReadOnlySpan, len(spans))
	for i, span := range spans {
		clean[i] = cleanSpan{span}
	}
	return s.SpanExporter.ExportSpans(ctx, clean)
}

// cleanSpan is a span with listed attributes, without events, links' attributes
// or the status's text.
type cleanSpan struct{ sdk.ReadOnlySpan }

// Name of a call is its method, which on a server the peer has chosen.
func (s cleanSpan) Name() string {
	name := s.ReadOnlySpan.Name()
	if kind := s.SpanKind(); (kind == trace.SpanKindServer || kind == trace.SpanKindClient) && !isMethod("/"+name) {
		return otherMethod
	}
	return message(name)
}

func (s cleanSpan) Attributes() []attribute.KeyValue {
	var kept []attribute.KeyValue
	for _, kv := range s.ReadOnlySpan.Attributes() {
		switch {
		case !spanKeys[kv.Key]:
			continue
		case kv.Value.Type() == attribute.STRING && !s.fits(kv.Key, kv.Value.AsString()):
			kv.Value = attribute.StringValue(Withheld)
		}
		kept = append(kept, kv)
	}
	return kept
}

func (s cleanSpan) fits(key attribute.Key, v string) bool {
	if key == "rpc.method" || key == "rpc.service" {
		return s.Name() != otherMethod && word(v)
	}
	return word(v)
}

func (s cleanSpan) Events() []sdk.Event { return nil }

func (s cleanSpan) Links() []sdk.Link { return nil }

func (s cleanSpan) Status() sdk.Status {
	return sdk.Status{Code: s.ReadOnlySpan.Status().Code}
}
