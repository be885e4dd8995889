package telemetry_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/hygia-suite/hygia/pkg/telemetry"
)

func newTelemetry(t *testing.T, o telemetry.Options) *telemetry.Telemetry {
	t.Helper()
	o.Service, o.Version, o.LogOutput, o.LogLevel = "content", "0.1.0", io.Discard, slog.LevelInfo
	tel, err := telemetry.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

func scrape(t *testing.T, tel *telemetry.Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	tel.MetricsHandler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	tel := newTelemetry(t, telemetry.Options{})
	const method = "/hygia.content.v1.ContentService/GetEntry"
	end := tel.Server.Begin(method)
	if got := scrape(t, tel); !strings.Contains(got, `hygia_rpc_server_in_flight{method="`+method+`"} 1`) {
		t.Errorf("no call in flight in:\n%s", got)
	}
	end(codes.NotFound)
	tel.Client.Observe(method, codes.OK, 30*time.Millisecond)
	got := scrape(t, tel)
	for _, want := range []string{
		`hygia_rpc_server_in_flight{method="` + method + `"} 0`,
		`hygia_rpc_server_duration_seconds_count{code="NotFound",method="` + method + `"} 1`,
		`hygia_rpc_client_duration_seconds_bucket{code="OK",method="` + method + `",le="0.05"} 1`,
		`hygia_rpc_client_duration_seconds_bucket{code="OK",method="` + method + `",le="0.025"} 0`,
		`hygia_build_info{service="content",version="0.1.0"} 1`,
		`go_goroutines `, `process_open_fds `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in:\n%s", want, got)
		}
	}
}

// Invariant 3, the metrics' part; and a peer that invents methods fills nothing.
func TestInvariant3MetricsTakeMethodsAlone(t *testing.T) {
	tel := newTelemetry(t, telemetry.Options{})
	for _, canary := range canaries {
		tel.Server.Observe(canary, codes.OK, 0)
		tel.Server.Observe("/hygia.v1.Service/"+canary, codes.OK, 0)
	}
	for i := range 2000 {
		tel.Server.Begin(fmt.Sprintf("/hygia.v1.Service/Method%d", i))(codes.Unimplemented)
	}
	tel.Server.Observe("/hygia.v1.Service/Method3", codes.OK, 0)
	got := scrape(t, tel)
	for _, canary := range canaries {
		if strings.Contains(got, canary) {
			t.Errorf("%s in the metrics", canary)
		}
	}
	if n := strings.Count(got, "hygia_rpc_server_in_flight{"); n > 257 {
		t.Errorf("%d methods", n)
	}
	if !strings.Contains(got, `hygia_rpc_server_duration_seconds_count{code="OK",method="/hygia.v1.Service/Method3"} 1`) {
		t.Error("a method that was known first is not counted under its name")
	}
}

// health fails with a text, as a careless handler may.
type health struct {
	grpc_health_v1.UnimplementedHealthServer
	span trace.SpanContext
}

func (h *health) Check(ctx context.Context, r *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	h.span = trace.SpanContextFromContext(ctx)
	trace.SpanFromContext(ctx).AddEvent("canary " + r.GetService())
	return nil, status.Error(codes.Internal, "canary "+r.GetService())
}

// Invariant 3, the traces' part: a call that carries canaries in its message,
// metadata, error, events and attributes leaves none in the spans.
func TestInvariant3NothingPersonalIsTraced(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	tel := newTelemetry(t, telemetry.Options{SpanExporter: keep{exporter}})
	lis := bufconn.Listen(1 << 16)
	server := grpc.NewServer(grpc.StatsHandler(tel.ServerStats()))
	h := &health{}
	grpc_health_v1.RegisterHealthServer(server, h)
	go func() { _ = server.Serve(lis) }() // until Stop
	defer server.Stop()
	conn, err := grpc.NewClient("passthrough:///content", grpc.WithStatsHandler(tel.ClientStats()),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()

	ctx, root := tel.Tracer.Tracer("test").Start(t.Context(), "root", trace.WithAttributes(
		attribute.String("patient", "canary"), attribute.String("rpc.method", canaries[0]), attribute.String("hygia.reason", "NOT_FOUND")))
	for _, canary := range canaries {
		ctx := metadata.AppendToOutgoingContext(ctx, "x-patient", "canary", "baggage", "patient=canary")
		_, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: canary})
		if status.Code(err) != codes.Internal {
			t.Fatal(err)
		}
		_ = conn.Invoke(ctx, "/unknown.v1.Service/"+canary, &grpc_health_v1.HealthCheckRequest{}, &grpc_health_v1.HealthCheckResponse{})
	}
	root.SetStatus(otelcodes.Error, "canary")
	root.RecordError(fmt.Errorf("canary"))
	root.AddLink(trace.Link{SpanContext: root.SpanContext(), Attributes: []attribute.KeyValue{attribute.String("cpf", "canary")}})
	root.End()
	server.GracefulStop() // a call's answer may arrive before the server ends its span
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	spans := exporter.GetSpans()
	if len(spans) < 1+3*len(canaries) {
		t.Fatalf("%d spans", len(spans))
	}
	kinds := map[trace.SpanKind]int{}
	for _, span := range spans {
		kinds[span.SpanKind]++
		text := fmt.Sprintf("%v %v %v %v %v", span.Name, span.Attributes, span.Events, span.Links, span.Status)
		if strings.Contains(text, "canary") {
			t.Errorf("canary in %s", text)
		}
		for _, canary := range canaries {
			if strings.Contains(text, canary) {
				t.Errorf("%s in %s", canary, text)
			}
		}
	}
	if kinds[trace.SpanKindServer] < len(canaries) || kinds[trace.SpanKindClient] < len(canaries) {
		t.Errorf("spans by kind: %v", kinds)
	}
	if !h.span.TraceID().IsValid() || h.span.TraceID() != root.SpanContext().TraceID() {
		t.Errorf("the trace did not go from client to server: %v, %v", h.span.TraceID(), root.SpanContext().TraceID())
	}
}

// keep lets the exporter's spans outlive its shutdown.
type keep struct{ *tracetest.InMemoryExporter }

func (keep) Shutdown(context.Context) error { return nil }

func TestLogLinesName(t *testing.T) {
	tel := newTelemetry(t, telemetry.Options{SpanExporter: keep{tracetest.NewInMemoryExporter()}})
	ctx, span := tel.Tracer.Tracer("test").Start(t.Context(), "root")
	defer span.End()
	line := logged(t, "json", func(l *slog.Logger) { l.InfoContext(ctx, "m") })
	if !strings.Contains(line, `"trace_id":"`+span.SpanContext().TraceID().String()+`"`) {
		t.Error(line)
	}
}

func TestEndpoint(t *testing.T) {
	tel := newTelemetry(t, telemetry.Options{TracesEndpoint: "http://127.0.0.1:1"})
	_, span := tel.Tracer.Tracer("test").Start(t.Context(), "root")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := tel.Shutdown(ctx); err == nil {
		t.Error("spans were delivered to nobody")
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Shutdown took %v", took)
	}
	if tel := newTelemetry(t, telemetry.Options{}); tel.Shutdown(t.Context()) != nil {
		t.Error("Shutdown without traces")
	}
}
