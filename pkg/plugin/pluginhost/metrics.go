package pluginhost

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
)

// metrics tell how plugins fare. Their labels are plugins' names and causes of our
// own: both are bounded, and neither is a guest's word.
type metrics struct {
	breaches *prometheus.CounterVec // by plugin and cause
	host     *Host
	calls    *prometheus.Desc
	failures *prometheus.Desc
	live     *prometheus.Desc
	trial    *prometheus.Desc
	compiled *prometheus.Desc
	waiting  *prometheus.Desc
	lost     *prometheus.Desc
}

func newMetrics() *metrics {
	of := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("hygia_plugin_"+name, help, labels, nil)
	}
	return &metrics{
		breaches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hygia_plugin_breaches_total",
			Help: "Calls of plugins that ended in a trap, at a limit or in another failure, or lost lines of log, by cause.",
		}, []string{"plugin", "cause"}),
		calls:    of("calls_total", "Calls of plugins.", "plugin"),
		failures: of("failures_total", "Calls that failed by the plugin's fault.", "plugin"),
		live:     of("up", "1 while the plugin takes calls.", "plugin"),
		trial:    of("canary_percent", "The share of calls that a release on trial gets; 0 without one.", "plugin"),
		compiled: of("compilations_total", "Components that were needed compiled, by where they came from.", "result"),
		waiting:  of("records_waiting", "Records of changes of plugins that the audit log does not have yet."),
		lost: of("records_lost_total", "Records of changes of plugins that the audit log will not have: there was no room for them, or they were damaged.",
			"cause"),
	}
}

// observe is what an engine tells of a call that failed.
func (m *metrics) observe(program string, err error) {
	m.breaches.WithLabelValues(program, component.Cause(err)).Inc()
}

func (m *metrics) register(r prometheus.Registerer, h *Host) error {
	m.host = h
	for _, c := range []prometheus.Collector{m.breaches, m} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("pluginhost: metrics: %w", err)
		}
	}
	return nil
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.calls, m.failures, m.live, m.trial, m.compiled, m.waiting, m.lost} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	for _, p := range m.host.supervisor.List() {
		up := 0.0
		if p.State == supervisor.Live || p.State == supervisor.Trial {
			up = 1
		}
		send(m.calls, prometheus.CounterValue, float64(p.Calls), p.Name)
		send(m.failures, prometheus.CounterValue, float64(p.Failures), p.Name)
		send(m.live, prometheus.GaugeValue, up, p.Name)
		send(m.trial, prometheus.GaugeValue, float64(p.CanaryPercent), p.Name)
	}
	stats := m.host.engines.stats()
	send(m.compiled, prometheus.CounterValue, float64(stats.Hits), "cached")
	send(m.compiled, prometheus.CounterValue, float64(stats.Misses), "compiled")
	send(m.compiled, prometheus.CounterValue, float64(stats.Refused), "refused")
	send(m.compiled, prometheus.CounterValue, float64(stats.Unkept), "unkept")
	records := m.host.record.journal.counts()
	send(m.waiting, prometheus.GaugeValue, float64(records.waiting))
	send(m.lost, prometheus.CounterValue, float64(records.missing), "missing")
	send(m.lost, prometheus.CounterValue, float64(records.damaged), "damaged")
}
