package front

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// metrics of HTTP requests. Routes are patterns: what a client sends names none.
type metrics struct{ seconds *prometheus.HistogramVec }

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "hygia_http_request_seconds", Help: "Time to answer HTTP requests.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"route", "method", "code"})}
	if err := registry.Register(m.seconds); err != nil {
		return nil, fmt.Errorf("front: metrics: %w", err)
	}
	return m, nil
}

// observe logs, counts and traces a request by its route's pattern: neither
// paths, query strings nor addresses are kept. Traces of strangers are not
// continued.
func (f *Front) observe(pattern string) step {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "OTHER", pattern
	}
	return func(next handler) handler {
		return func(w http.ResponseWriter, r *http.Request) error {
			start := f.Clock()
			ctx, span := f.tracer.Start(r.Context(), "HTTP "+pattern, trace.WithSpanKind(trace.SpanKindServer), trace.WithNewRoot())
			defer span.End()
			out := &response{ResponseWriter: w}
			err := next(out, r.WithContext(ctx))
			status, took := out.result(), f.Clock().Sub(start)
			if status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
			f.metrics.seconds.WithLabelValues(path, method, strconv.Itoa(status)).Observe(took.Seconds())
			f.Telemetry.Logger.InfoContext(ctx, "request", "method", method, "route", path,
				"status", strconv.Itoa(status), "duration_ms", took.Milliseconds(), "bytes", out.written)
			if status >= http.StatusInternalServerError && err != nil {
				f.Telemetry.Logger.ErrorContext(ctx, "request failed", "method", method, "route", path, telemetry.Err(err))
			}
			return err
		}
	}
}

// recoverPanics makes a panic a problem, where nothing was written yet.
func (f *Front) recoverPanics(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(v) // net/http's own way to end a connection
			}
			f.Telemetry.Logger.ErrorContext(r.Context(), "panic", "panic_type", fmt.Sprintf("%T", v))
			if out, ok := w.(*response); ok && out.status != 0 {
				panic(http.ErrAbortHandler) // half an answer must not look whole
			}
			err = errPanic
		}()
		return next(w, r)
	}
}

// response remembers what was answered.
type response struct {
	http.ResponseWriter
	status  int
	written int64
}

func (r *response) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.written += int64(n)
	return n, err
}

// Unwrap gives http.ResponseController the connection.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// result is the status that was sent; a handler that wrote nothing sends a 200.
func (r *response) result() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
