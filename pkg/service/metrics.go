package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// serveMetrics answers GET /metrics on where, and nothing else; nothing at all
// where that is empty.
func serveMetrics(ctx context.Context, where string, tel *telemetry.Telemetry, source *identity.Source) (stop func(), err error) {
	if err := registerIdentity(tel.Registry, source); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if where == "" {
		return func() {}, nil
	}
	lis, err := listen(ctx, where)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", tel.MetricsHandler())
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	go func() {
		if err := server.Serve(lis); !errors.Is(err, http.ErrServerClosed) {
			tel.Logger.Error("metrics are no longer served", telemetry.Err(err))
		}
	}()
	return func() { _ = server.Close() }, nil // a scrape that is cut short is no loss
}

// registerIdentity makes the identity's state visible, so that an alarm can go
// off before a certificate expires.
func registerIdentity(r prometheus.Registerer, source *identity.Source) error {
	return errors.Join(
		r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hygia_identity_expire_time_seconds",
			Help: "When the certificate in use expires, as Unix time; 0 where there is none.",
		}, func() float64 {
			if st := source.Status(); !st.ID.IsZero() {
				return float64(st.Expires.Unix())
			}
			return 0
		})),
		r.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "hygia_identity_rotations_total",
			Help: "Certificates received after the first.",
		}, func() float64 { return float64(source.Status().Rotations) })),
		r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "hygia_identity_up",
			Help: "1 while the Workload API answers and the certificate is valid.",
		}, func() float64 {
			if source.Check() != nil || source.Status().Problem != nil {
				return 0
			}
			return 1
		})),
	)
}
