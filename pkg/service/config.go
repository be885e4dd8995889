package service

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Config is what every service's configuration file holds. The file is YAML;
// an unknown key, a key that is there twice and a file of more than 256 KiB are
// refused. A service with settings of its own embeds Config inline:
//
//	type Config struct {
//		service.Config `yaml:",inline"`
//		Sites string `yaml:"sites"`
//	}
//
// No field holds a secret; secrets are in files that fields name.
type Config struct {
	// Listen is where the service answers: "host:port", where port 0 takes a free
	// one, or "fd:N" for a listening socket that the parent process passed on.
	// Required; where it cannot be had, the service does not start.
	Listen string `yaml:"listen"`
	// Metrics is where Prometheus finds /metrics, in the same form as Listen.
	// Plain HTTP without authentication: for an address that only operators
	// reach. Default "": no metrics are served.
	Metrics string `yaml:"metrics"`
	// DataDir is the folder that holds all that the service keeps; it is made
	// with mode 0700 where it does not exist. Required.
	DataDir string `yaml:"data_dir"`
	// TrustDomain is the SPIFFE trust domain that the service's own identity must
	// be of. Default "hygia.local". An identity of another one stops the start.
	TrustDomain string `yaml:"trust_domain"`
	// Accounts, Audit, Content, Validation and Anonymization are the gRPC targets
	// of the other services, such as "127.0.0.1:7001" or "dns:///audit:7001".
	// Default "": the service does not call that one. Starting does not wait for
	// them; calls fail with UNAVAILABLE while they cannot be reached.
	Accounts      string `yaml:"accounts"`
	Audit         string `yaml:"audit"`
	Content       string `yaml:"content"`
	Validation    string `yaml:"validation"`
	Anonymization string `yaml:"anonymization"`
	// Components are values for the components that the service hosts, by the
	// component's name and the value's key. A component reads those whose keys its
	// manifest names, where it is granted hygia:host/config. Default: none.
	Components map[string]map[string]string `yaml:"components"`
	// Plugins say which plugins may be installed beside those components.
	Plugins Plugins `yaml:"plugins"`
	Log     Log     `yaml:"log"`
	Traces  Traces  `yaml:"traces"`
	// Development adds gRPC reflection. Default false.
	Development bool `yaml:"development"`
}

// Log says what is logged, on standard error.
type Log struct {
	// Level is the least that is logged: debug, info, warn or error. Default info.
	Level string `yaml:"level"`
	// Format is json or text. Default json.
	Format string `yaml:"format"`
}

// Traces says where traces go.
type Traces struct {
	// Endpoint is an OTLP gRPC collector: "http://host:port" in plaintext, or
	// "https://host:port". Default "": no traces. While it cannot be reached,
	// spans are dropped and the service goes on.
	Endpoint string `yaml:"endpoint"`
}

// DefaultTrustDomain is the trust domain of `hygia up`.
const DefaultTrustDomain = "hygia.local"

// Base implements Settings.
func (c *Config) Base() *Config { return c }

// complete sets the defaults and refuses what cannot work, all of it at once.
func (c *Config) complete() error {
	setDefault(&c.TrustDomain, DefaultTrustDomain)
	setDefault(&c.Log.Level, "info")
	setDefault(&c.Log.Format, "json")
	var problems []error
	problem := func(field, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{field}, args...)...))
	}
	if err := checkListen(c.Listen); err != nil {
		problem("listen", "%w", err)
	}
	if c.Metrics != "" {
		if err := checkListen(c.Metrics); err != nil {
			problem("metrics", "%w", err)
		}
	}
	if c.DataDir == "" {
		problem("data_dir", "is required: the folder that holds what the service keeps")
	} else if dir, err := filepath.Abs(c.DataDir); err != nil {
		problem("data_dir", "%w", err)
	} else {
		c.DataDir = dir
	}
	if _, err := spiffeid.TrustDomainFromString(c.TrustDomain); err != nil {
		problem("trust_domain", "%w", err)
	}
	if _, ok := levels[c.Log.Level]; !ok {
		problem("log.level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	if c.Log.Format != "json" && c.Log.Format != "text" {
		problem("log.format", "%q is neither json nor text", c.Log.Format)
	}
	if err := c.Plugins.complete(); err != nil {
		problems = append(problems, fmt.Errorf("plugins.%w", err))
	}
	if c.Traces.Endpoint != "" {
		if u, err := url.Parse(c.Traces.Endpoint); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			problem("traces.endpoint", "want http://host:port or https://host:port")
		}
	}
	return errors.Join(problems...)
}

// target returns the configured gRPC target of a service.
func (c *Config) target(service string) (string, error) {
	targets := map[string]string{
		"accounts": c.Accounts, "audit": c.Audit, "content": c.Content,
		"validation": c.Validation, "anonymization": c.Anonymization,
	}
	target, known := targets[service]
	switch {
	case !known:
		return "", fmt.Errorf("service: no setting names the address of %q", service)
	case target == "":
		return "", fmt.Errorf("service: the setting %q is empty", service)
	}
	return target, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func checkListen(s string) error {
	if fd, ok := strings.CutPrefix(s, "fd:"); ok {
		if n, err := strconv.Atoi(fd); err != nil || n < 3 || n > 1023 {
			return fmt.Errorf("%q: want fd:3 to fd:1023", s)
		}
		return nil
	}
	host, port, ok := strings.Cut(s, ":")
	if i := strings.LastIndex(s, ":"); ok {
		host, port = s[:i], s[i+1:]
	}
	if n, err := strconv.Atoi(port); !ok || host == "" || err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q: want host:port or fd:N", s)
	}
	return nil
}
