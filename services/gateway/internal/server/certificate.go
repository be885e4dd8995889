package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// reloadEvery is how often a handshake looks whether the certificate's files
// have changed.
const reloadEvery = time.Minute

// certificate is what clients see, read again when its files change: renewing
// needs no restart. A pair that cannot be read, such as one that is just being
// written, is logged, and the old one stays.
type certificate struct {
	files  TLS
	clock  func() time.Time
	logger *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	changed [2]time.Time // of the files, when current was read
	looked  time.Time
}

// openCertificate reads the pair; one that cannot be read stops the start.
func openCertificate(files TLS, clock func() time.Time, logger *slog.Logger) (*certificate, error) {
	c := &certificate{files: files, clock: clock, logger: logger, looked: clock()}
	changed, err := c.modified()
	if err != nil {
		return nil, err
	}
	return c, c.read(changed)
}

// get returns the certificate for a handshake.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.clock(); now.Sub(c.looked) >= reloadEvery {
		c.looked = now
		changed, err := c.modified()
		if err == nil && changed != c.changed {
			err = c.read(changed)
		}
		if err != nil {
			c.logger.Error("certificate not read again", telemetry.Err(err))
		}
	}
	return c.current, nil
}

func (c *certificate) read(changed [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		return fmt.Errorf("gateway: tls: %w", err)
	}
	c.current, c.changed = &pair, changed
	return nil
}

// modified returns when each of the files was written.
func (c *certificate) modified() (times [2]time.Time, err error) {
	for i, file := range []string{c.files.CertFile, c.files.KeyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return times, fmt.Errorf("gateway: tls: %w", err)
		}
		times[i] = info.ModTime()
	}
	return times, nil
}
