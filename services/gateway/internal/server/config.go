// Package server puts the gateway together.
package server

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/gateway/internal/front"
)

// Config is the gateway's configuration file. The gateway keeps nothing: its
// data_dir stays empty.
type Config struct {
	service.Config `yaml:",inline"`

	TLS TLS `yaml:"tls"`
	// BehindTLSProxy says that a proxy ends TLS in front of the gateway, lets
	// nobody else reach it, and writes the client's address as the last entry of
	// X-Forwarded-For. Without it and without tls, the gateway listens on
	// loopback addresses alone, and refuses to start on others.
	BehindTLSProxy bool `yaml:"behind_tls_proxy"`
	// CORSOrigins are the web origins whose scripts may call the API, such as
	// "https://studio.example.org". None where it is empty; there is no wildcard.
	CORSOrigins []string `yaml:"cors_origins"`
	// MaxBodyBytes bounds a JSON body; 2 MiB where it is 0. An upload is bounded by
	// 64 MiB in any case.
	MaxBodyBytes int64 `yaml:"max_body_bytes"`
	// MaxRequests is how many requests are answered at once, 512 where it is 0;
	// MaxUploads is how many of them may be uploads, 4 where it is 0. Further ones
	// are told to come back.
	MaxRequests int `yaml:"max_requests"`
	MaxUploads  int `yaml:"max_uploads"`
	// RequestTimeout is how long a request may take, "30s" where it is empty;
	// UploadTimeout how long an upload may, "10m" where it is empty.
	RequestTimeout time.Duration `yaml:"request_timeout"`
	UploadTimeout  time.Duration `yaml:"upload_timeout"`
	Limits         Limits        `yaml:"limits"`
}

// TLS names the files of the certificate that clients see. Both or none. They are
// read again within a minute of a change; a pair that cannot be read stops the
// start, but not a running gateway, which keeps the old one and logs why.
type TLS struct {
	// CertFile is the chain, PEM; KeyFile its key, PEM.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Limits bound how often clients may ask. Beyond them they get a 429 that says
// when to come back.
type Limits struct {
	// Token limits one API token: 2,000 a second, 4,000 at once.
	Token Rate `yaml:"token"`
	// Address limits one address (of IPv6, a /64): 5,000 a second, 10,000 at once.
	Address Rate `yaml:"address"`
	// Credentials limits how often an address logs in, or presents a token that
	// was not seen in the last 30 seconds: 20 a second, 200 at once. Each such try
	// costs the accounts service a look-up and the audit log a record.
	Credentials Rate `yaml:"credentials"`
}

// Rate is a rate and a burst; the default stands in for each that is 0.
type Rate struct {
	PerSecond float64 `yaml:"per_second"`
	Burst     int     `yaml:"burst"`
}

// tracked is how many tokens, and how many addresses, are limited one by one.
const tracked = 32_768

// complete fills in the defaults and refuses what cannot work.
func (c *Config) complete() error {
	fill(&c.MaxBodyBytes, 2<<20)
	fill(&c.MaxRequests, 512)
	fill(&c.MaxUploads, 4)
	fill(&c.RequestTimeout, 30*time.Second)
	fill(&c.UploadTimeout, 10*time.Minute)
	c.Limits.Token.complete(2000, 4000)
	c.Limits.Address.complete(5000, 10_000)
	c.Limits.Credentials.complete(20, 200)
	var errs []error
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		errs = append(errs, errors.New("tls: cert_file and key_file go together"))
	}
	if c.MaxBodyBytes < 0 || c.MaxRequests < 0 || c.MaxUploads < 0 {
		errs = append(errs, errors.New("max_body_bytes, max_requests and max_uploads must not be negative"))
	}
	if c.RequestTimeout < time.Second || c.UploadTimeout < time.Second {
		errs = append(errs, errors.New("request_timeout and upload_timeout must be at least 1s"))
	}
	for _, r := range []Rate{c.Limits.Token, c.Limits.Address, c.Limits.Credentials} {
		if r.PerSecond < 0 || r.Burst < 0 {
			errs = append(errs, errors.New("limits: no value may be negative"))
			break
		}
	}
	for _, origin := range c.CORSOrigins {
		if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			errs = append(errs, fmt.Errorf("cors_origins: %q is no origin, such as https://studio.example.org", origin))
		}
	}
	return errors.Join(errs...)
}

func (r *Rate) complete(perSecond float64, burst int) {
	fill(&r.PerSecond, perSecond)
	fill(&r.Burst, burst)
}

func (r Rate) limiter(clock func() time.Time) *ratelimit.Limiter {
	return ratelimit.New(ratelimit.Config{PerSecond: r.PerSecond, Burst: r.Burst, Keys: tracked}, clock)
}

func (c *Config) limits(clock func() time.Time) front.Limits {
	return front.Limits{
		Tokens: c.Limits.Token.limiter(clock), Addresses: c.Limits.Address.limiter(clock),
		Credentials: c.Limits.Credentials.limiter(clock), BodyBytes: c.MaxBodyBytes,
		Requests: c.MaxRequests, Uploads: c.MaxUploads, RequestTime: c.RequestTimeout, UploadTime: c.UploadTimeout,
	}
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
