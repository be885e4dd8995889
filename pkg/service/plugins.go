package service

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// AnyTenant stands, alone, for every tenant in Plugins.Administrators.
const AnyTenant = "any"

// Plugins are an operator's word on what is installed in a service that hosts
// components. Others ignore it.
type Plugins struct {
	// Trust is the file of the keys whose signatures are accepted, as package
	// pkg/plugin/trust reads it. It is read at every installation. Default "", and
	// where there is no such file: nothing can be installed, and what was installed
	// is not loaded, so that calls which need it fail.
	Trust string `yaml:"trust"`
	// Administrators are the tenants, by their ids, whose administrators may install
	// plugins and see their logs; "any", alone, means every tenant's. Plugins run on
	// all tenants' data. Default: nobody may.
	Administrators []string `yaml:"administrators"`
	// AllowReuse names the plugins that get reused instances where their manifests
	// ask for it: their state then outlives a call, until the next call of the same
	// tenant. Default: none.
	AllowReuse []string `yaml:"allow_reuse"`
	// Warm is how many instances of a plugin, by its name, are kept ready for calls
	// to come, 1 to 16: for those that take long to start. Each serves one call,
	// unless it is reused, and takes memory until then. Default: none.
	Warm map[string]int `yaml:"warm"`
	// PrivateHosts are hosts, by name and as plugins' manifests name them without
	// the port, at which a plugin may reach an address of your own network: private,
	// shared or the machine's. Others are reached on the internet alone. Default:
	// none.
	PrivateHosts []string `yaml:"private_hosts"`
	// CanaryPercent is the share of calls, 1 to 99, with which a trial goes on that
	// a restart interrupted. Default 5.
	CanaryPercent int `yaml:"canary_percent"`
	// Breaker says when a plugin that keeps failing gets no calls for a while.
	// Default: at half of at least 20 calls within 10s, for 5s, and then until 5
	// calls have succeeded.
	Breaker Breaker `yaml:"breaker"`
	// Canary says when a release on trial is taken out for good. Default: at a
	// tenth of at least 10 calls within 1m.
	Canary Tolerance `yaml:"canary"`
}

// Tolerance is how much a plugin may fail; what is 0 has its default.
type Tolerance struct {
	// FailurePercent is the share of failed calls, 1 to 100, that is too much.
	FailurePercent int `yaml:"failure_percent"`
	// Calls is how many calls there must have been within Window: 1 to 10000, and
	// 100ms to 1h.
	Calls  int           `yaml:"calls"`
	Window time.Duration `yaml:"window"`
}

// Breaker is how much a live plugin may fail, and how it comes back.
type Breaker struct {
	Tolerance `yaml:",inline"`
	// Pause is how long it gets no calls: 100ms to 1h.
	Pause time.Duration `yaml:"pause"`
	// Trials is how many calls must succeed then before it gets all of them again: 1
	// to 1000.
	Trials int `yaml:"trials"`
}

// What a tolerance may say.
const (
	shortest = 100 * time.Millisecond
	longest  = time.Hour
)

func (t Tolerance) check() error {
	switch {
	case t.FailurePercent != 0 && !within(t.FailurePercent, 1, 100):
		return errors.New("failure_percent: must be 1 to 100")
	case t.Calls != 0 && !within(t.Calls, 1, 10_000):
		return errors.New("calls: must be 1 to 10000")
	case t.Window != 0 && !within(t.Window, shortest, longest):
		return errors.New("window: must be 100ms to 1h")
	}
	return nil
}

func (b Breaker) check() error {
	switch {
	case b.Pause != 0 && !within(b.Pause, shortest, longest):
		return errors.New("pause: must be 100ms to 1h")
	case b.Trials != 0 && !within(b.Trials, 1, 1000):
		return errors.New("trials: must be 1 to 1000")
	}
	return b.Tolerance.check()
}

func within[T cmp.Ordered](v, least, most T) bool { return least <= v && v <= most }

// complete sets the defaults and refuses what cannot work.
func (p *Plugins) complete() error {
	setDefault(&p.CanaryPercent, 5)
	if p.CanaryPercent < 1 || p.CanaryPercent > 99 {
		return errors.New("canary_percent: must be 1 to 99")
	}
	if err := p.Breaker.check(); err != nil {
		return fmt.Errorf("breaker.%w", err)
	}
	if err := p.Canary.check(); err != nil {
		return fmt.Errorf("canary.%w", err)
	}
	for name, n := range p.Warm {
		if n < 1 || n > 16 {
			return fmt.Errorf("warm: %s: must be 1 to 16", name)
		}
	}
	for _, name := range p.PrivateHosts {
		if name != strings.ToLower(name) || !strings.Contains(name, ".") || strings.ContainsAny(name, ":/*@ ") {
			return fmt.Errorf("private_hosts: %q is no host's name in lower case, without a port", name)
		}
	}
	if slices.Equal(p.Administrators, []string{AnyTenant}) {
		return nil
	}
	for _, tenant := range p.Administrators {
		if uuid.Validate(tenant) != nil || len(tenant) != 36 || tenant != strings.ToLower(tenant) {
			return fmt.Errorf("administrators: %q is no tenant's id; %q stands alone", tenant, AnyTenant)
		}
	}
	return nil
}
