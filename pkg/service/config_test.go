package service_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/service"
)

// own is the configuration of a service with a setting of its own.
type own struct {
	service.Config `yaml:",inline"`
	Folder         string `yaml:"folder"`
}

func (o *own) Validate() error {
	if o.Folder == "wrong" {
		return errors.New("folder: there is no such folder")
	}
	return nil
}

const minimal = "listen: 127.0.0.1:0\ndata_dir: /tmp/x\n"

func TestParse(t *testing.T) {
	var c own
	if err := service.Parse([]byte(minimal+"folder: p\naudit: 127.0.0.1:7001\nlog: {level: debug}\n"), &c); err != nil {
		t.Fatal(err)
	}
	if c.Folder != "p" || c.Audit != "127.0.0.1:7001" || c.Log.Level != "debug" {
		t.Errorf("%+v", c)
	}
	if c.TrustDomain != "hygia.local" || c.Log.Format != "json" || c.Metrics != "" || c.Development {
		t.Errorf("defaults: %+v", c)
	}
	const tolerances = "plugins: {breaker: {failure_percent: 30, calls: 5, window: 1m, pause: 2s, trials: 3}, canary: {failure_percent: 1, calls: 200, window: 1h}}"
	var plugins own
	if err := service.Parse([]byte(minimal+tolerances), &plugins); err != nil {
		t.Fatal(err)
	}
	breaker := service.Breaker{Tolerance: service.Tolerance{FailurePercent: 30, Calls: 5, Window: time.Minute}, Pause: 2 * time.Second, Trials: 3}
	if canary := (service.Tolerance{FailurePercent: 1, Calls: 200, Window: time.Hour}); plugins.Plugins.Breaker != breaker || plugins.Plugins.Canary != canary {
		t.Errorf("tolerances: %+v", plugins.Plugins)
	}
	for _, listen := range []string{"[::1]:7000", "localhost:0", "fd:3", "0.0.0.0:65535"} {
		if err := service.Parse([]byte("listen: '"+listen+"'\ndata_dir: d\n"), &own{}); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ yaml, want string }{
		"empty":           {"", "listen"},
		"nothing":         {"# only a comment", "data_dir"},
		"unknown key":     {minimal + "lissten: x", "lissten"},
		"unknown nested":  {minimal + "log: {volume: info}", "volume"},
		"key twice":       {minimal + "listen: x", "already"},
		"wrong type":      {minimal + "log: [a]", "line 3"},
		"two documents":   {minimal + "---\nlisten: x", "document"},
		"not YAML":        {"\tx", "token"},
		"list":            {"- a", "!!seq"},
		"no port":         {"listen: localhost\ndata_dir: d", "host:port"},
		"no host":         {"listen: :80\ndata_dir: d", "host:port"},
		"large port":      {"listen: localhost:65536\ndata_dir: d", "host:port"},
		"named port":      {"listen: localhost:http\ndata_dir: d", "host:port"},
		"standard output": {"listen: fd:1\ndata_dir: d", "fd:3"},
		"no descriptor":   {"listen: fd:x\ndata_dir: d", "fd:3"},
		"metrics":         {minimal + "metrics: x", "metrics"},
		"trust domain":    {minimal + "trust_domain: 'Not One'", "trust_domain"},
		"level":           {minimal + "log: {level: loud}", "log.level"},
		"format":          {minimal + "log: {format: xml}", "log.format"},
		"administrators":  {minimal + "plugins: {administrators: [any, 018f8a1e-7c1d-7000-8000-000000000001]}", "plugins.administrators"},
		"breaker, share":  {minimal + "plugins: {breaker: {failure_percent: 101}}", "plugins.breaker.failure_percent"},
		"breaker, calls":  {minimal + "plugins: {breaker: {calls: -1}}", "plugins.breaker.calls"},
		"breaker, window": {minimal + "plugins: {breaker: {window: 2h}}", "plugins.breaker.window"},
		"breaker, pause":  {minimal + "plugins: {breaker: {pause: 1ms}}", "plugins.breaker.pause"},
		"breaker, trials": {minimal + "plugins: {breaker: {trials: 1001}}", "plugins.breaker.trials"},
		"trial, share":    {minimal + "plugins: {canary: {failure_percent: -1}}", "plugins.canary.failure_percent"},
		"trial, pause":    {minimal + "plugins: {canary: {pause: 1s}}", "pause"},
		"private, port":   {minimal + "plugins: {private_hosts: ['fhir.example.org:8443']}", "plugins.private_hosts"},
		"private, any":    {minimal + "plugins: {private_hosts: ['*.example.org']}", "plugins.private_hosts"},
		"private, case":   {minimal + "plugins: {private_hosts: [FHIR.example.org]}", "plugins.private_hosts"},
		"canary":          {minimal + "plugins: {canary_percent: 100}", "plugins.canary_percent"},
		"warm":            {minimal + "plugins: {warm: {claims: 17}}", "plugins.warm: claims"},
		"endpoint":        {minimal + "traces: {endpoint: 'localhost:4317'}", "traces.endpoint"},
		"own":             {minimal + "folder: wrong", "no such folder"},
		"oversize":        {minimal + "#" + strings.Repeat("x", 256<<10), "bytes"},
		"alias bomb":      {bomb(), "yaml"},
	} {
		err := service.Parse([]byte(c.yaml), &own{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
	err := service.Parse([]byte("listen: x\nlog: {level: loud}"), &own{})
	for _, want := range []string{"listen", "data_dir", "log.level"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s: all that is wrong should be told at once", err, want)
		}
	}
}

// bomb would be 10^9 values, were aliases followed without a bound.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 10; i++ {
		prev := "*a" + string(rune('0'+i-1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(prev+",", 9) + prev + "]\n")
	}
	return b.String() + "listen: *a9\n" + "data_dir: x\n"
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(minimal + "metrics: fd:4\ntrust_domain: example.org\nlog: {level: warn, format: text}\ntraces: {endpoint: 'http://127.0.0.1:4317'}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c own
		if err := service.Parse(data, &c); err != nil {
			return
		}
		if c.Listen == "" || c.DataDir == "" || c.TrustDomain == "" || c.Log.Level == "" || c.Log.Format == "" {
			t.Fatalf("taken without what is required: %+v", c)
		}
	})
}
