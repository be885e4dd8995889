package telemetry

import (
	"regexp"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// maxMethods bounds the distinct methods of a metric: a peer that calls methods
// of its own invention must not fill the memory.
const maxMethods = 256

// otherMethod is the label of every method beyond maxMethods, and of those
// whose names are not a method's.
const otherMethod = "other"

var methodName = regexp.MustCompile(`^/[a-z][a-z0-9_.]{0,80}\.[A-Z][A-Za-z0-9]{0,60}/[A-Z][A-Za-z0-9]{0,60}$`)

func isMethod(s string) bool { return methodName.MatchString(s) && few(s) }

// RPCMetrics counts and times the calls of one side, by method and code. It is
// safe for concurrent use.
type RPCMetrics struct {
	duration *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec

	mu      sync.RWMutex
	methods map[string]bool
}

func newRPCMetrics(r prometheus.Registerer, side string) (*RPCMetrics, error) {
	m := &RPCMetrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "hygia_rpc_" + side + "_duration_seconds",
			Help:    "Time from a call's beginning to its end, by full method and gRPC code.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"method", "code"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "hygia_rpc_" + side + "_in_flight",
			Help: "Calls that have begun and not ended, by full method.",
		}, []string{"method"}),
		methods: make(map[string]bool),
	}
	for _, c := range []prometheus.Collector{m.duration, m.inFlight} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Begin counts a call of a full method ("/hygia.content.v1.ContentService/GetEntry")
// as in flight; the function that it returns must be called once, at its end.
func (m *RPCMetrics) Begin(method string) (end func(codes.Code)) {
	method = m.label(method)
	start := time.Now() //nolint:forbidigo // a duration, on the monotonic clock
	gauge := m.inFlight.WithLabelValues(method)
	gauge.Inc()
	return func(code codes.Code) {
		gauge.Dec()
		m.duration.WithLabelValues(method, code.String()).Observe(time.Since(start).Seconds())
	}
}

// Observe records a call that has ended, for those who time it themselves.
func (m *RPCMetrics) Observe(method string, code codes.Code, took time.Duration) {
	m.duration.WithLabelValues(m.label(method), code.String()).Observe(took.Seconds())
}

func (m *RPCMetrics) label(method string) string {
	m.mu.RLock()
	known := m.methods[method]
	m.mu.RUnlock()
	if known {
		return method
	}
	if !isMethod(method) {
		return otherMethod
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.methods) >= maxMethods && !m.methods[method] {
		return otherMethod
	}
	m.methods[method] = true
	return method
}
