// Package server puts the accounts service together.
package server

import (
	"errors"
	"fmt"
	"time"

	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/services/accounts/internal/keyring"
)

// Config is the service's configuration file. It keeps its database and its
// keys in data_dir; losing the keys loses every profile and every session.
type Config struct {
	service.Config `yaml:",inline"`

	// ActorLifetime is how long an actor token holds, and so how long somebody
	// who was disabled may still act: "5m" where it is empty, at most "15m".
	ActorLifetime time.Duration `yaml:"actor_lifetime"`
	// SigningKeyLifetime is after how long the key that signs actor tokens is
	// replaced: "720h" where it is empty, at least "2h".
	SigningKeyLifetime time.Duration `yaml:"signing_key_lifetime"`
	Login              Login         `yaml:"login"`
}

// Login bounds the attempts to log in. What is refused costs no password hash.
type Login struct {
	// PerAccount is how many attempts an account has at once, 10 where it is 0;
	// it regains one each AccountRegains, "30s" where that is empty.
	PerAccount     int           `yaml:"per_account"`
	AccountRegains time.Duration `yaml:"account_regains"`
	// PerAddress is how many attempts one client address has at once, 30 where it
	// is 0; it regains one each AddressRegains, "10s" where that is empty.
	PerAddress     int           `yaml:"per_address"`
	AddressRegains time.Duration `yaml:"address_regains"`
	// Parallel is how many passwords are hashed at once, each in 64 MiB; 2 where
	// it is 0. Eight times as many wait, further ones are refused.
	Parallel int `yaml:"parallel"`
}

// tracked is how many accounts, and how many addresses, are limited one by one;
// beyond it they share a limit. It bounds the memory to some 20 MB.
const tracked = 32_768

// complete fills in the defaults and refuses what cannot work.
func (c *Config) complete() error {
	fill(&c.ActorLifetime, 5*time.Minute)
	fill(&c.SigningKeyLifetime, 30*24*time.Hour)
	fill(&c.Login.PerAccount, 10)
	fill(&c.Login.AccountRegains, 30*time.Second)
	fill(&c.Login.PerAddress, 30)
	fill(&c.Login.AddressRegains, 10*time.Second)
	fill(&c.Login.Parallel, 2)
	var errs []error
	if c.ActorLifetime < time.Minute || c.ActorLifetime > 15*time.Minute {
		errs = append(errs, errors.New("actor_lifetime must lie between 1m and 15m"))
	}
	if c.SigningKeyLifetime < 2*keyring.Overlap {
		errs = append(errs, fmt.Errorf("signing_key_lifetime must be at least %v", 2*keyring.Overlap))
	}
	if l := c.Login; l.PerAccount < 0 || l.PerAddress < 0 || l.AccountRegains < 0 || l.AddressRegains < 0 || l.Parallel < 0 {
		errs = append(errs, errors.New("login: no value may be negative"))
	}
	return errors.Join(errs...)
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (l Login) accounts(clock func() time.Time) *ratelimit.Limiter {
	return ratelimit.New(ratelimit.Config{PerSecond: 1 / l.AccountRegains.Seconds(), Burst: l.PerAccount, Keys: tracked}, clock)
}

func (l Login) addresses(clock func() time.Time) *ratelimit.Limiter {
	return ratelimit.New(ratelimit.Config{PerSecond: 1 / l.AddressRegains.Seconds(), Burst: l.PerAddress, Keys: tracked}, clock)
}
