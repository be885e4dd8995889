package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Times and sizes of the HTTP server. Uploads move their own deadlines.
const (
	headerTime  = 5 * time.Second
	readTime    = time.Minute // a request with its body
	idleTime    = 2 * time.Minute
	drainTime   = 15 * time.Second
	headerBytes = 16 << 10
)

// secure wraps the listener in TLS, or makes sure that nobody but this machine
// reaches it in the clear.
func secure(d Deps) (net.Listener, error) {
	lis, c := d.Listener, d.Config
	if c.TLS.CertFile != "" {
		cert, err := openCertificate(c.TLS, d.Clock, d.Telemetry.Logger)
		if err != nil {
			return nil, err
		}
		return tls.NewListener(lis, &tls.Config{
			GetCertificate: cert.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		}), nil
	}
	if c.BehindTLSProxy || local(lis.Addr()) {
		return lis, nil
	}
	return nil, fmt.Errorf("gateway: configuration: listen: %s is not a loopback address, and without TLS everybody on the way could read tokens: "+
		"set tls.cert_file and tls.key_file; or behind_tls_proxy, where a proxy ends TLS in front; or listen on 127.0.0.1", lis.Addr())
}

// local reports whether only this machine reaches an address.
func local(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// serve answers until ctx ends. Then it says so at /readyz, takes no new
// connections, and lets running requests end for fifteen seconds.
func serve(ctx context.Context, c *Config, lis net.Listener, handler http.Handler, draining *atomic.Bool) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      readTime + c.RequestTimeout + headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		// What net/http would write holds addresses, and what strangers sent.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(lis) }()
	select {
	case err := <-served:
		return fmt.Errorf("gateway: serve: %w", err)
	case <-ctx.Done():
	}
	draining.Store(true)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); errors.Is(err, context.DeadlineExceeded) {
		return server.Close() // the rest is cut
	} else if err != nil {
		return fmt.Errorf("gateway: drain: %w", err)
	}
	return nil
}
