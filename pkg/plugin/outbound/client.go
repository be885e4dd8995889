package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hygia-suite/hygia/pkg/wit/host"
)

// How long a connection may take to be made, beside what its request allows, and
// how many there may be to one host.
const (
	connectTime = 10 * time.Second
	maxConns    = 16
)

// Options are a Client's dependencies. The zero value is that of production.
type Options struct {
	// Private are the hosts, by name, whose addresses may be private, shared or the
	// machine's own. Others are reached at addresses of the internet alone.
	Private []string
	// Roots are the certificate authorities that are trusted; nil is the system's.
	Roots *x509.CertPool
	// Resolver looks names up; nil is Go's.
	Resolver *net.Resolver
}

// Client is a Sender. It speaks HTTP/1.1 over TLS 1.2 or 1.3, follows no redirect,
// keeps no cookie, asks no proxy, and decompresses nothing. Each request has a
// connection of its own, and is sent once. It is safe for concurrent use. Close it
// when done.
type Client struct {
	o         Options
	transport *http.Transport
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{o: o}
	c.transport = &http.Transport{
		DialTLSContext:         c.dial, // with a dialer of one's own there is no HTTP/2
		DisableCompression:     true,
		DisableKeepAlives:      true, // on one that was kept it may send a request twice
		MaxResponseHeaderBytes: 4 * maxHeaderBytes,
		MaxConnsPerHost:        maxConns,
	}
	return c
}

// Close ends the connections that no request uses.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Send implements Sender. It waits as long as the request and ctx allow.
func (c *Client) Send(ctx context.Context, r *Request) (host.Response, error) {
	bounded := ctx
	if r.timeout > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	response, err := c.send(bounded, r)
	switch {
	case err == nil:
		return response, nil
	case ctx.Err() != nil: // the call is over
		return host.Response{}, context.Cause(ctx)
	case bounded.Err() != nil:
		return host.Response{}, host.FailureTimeout
	}
	return host.Response{}, failure(err)
}

func (c *Client) send(ctx context.Context, r *Request) (host.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), strings.NewReader(r.body))
	if err != nil {
		return host.Response{}, host.FailureInvalidRequest
	}
	request.Header = r.header.Clone()
	response, err := c.transport.RoundTrip(request) // an http.Client would follow and keep
	if err != nil {
		return host.Response{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return host.Response{}, host.FailureInvalidResponse
	}
	fields, err := fields(response.Header)
	if err != nil {
		return host.Response{}, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return host.Response{}, err
	case len(body) > maxBody:
		return host.Response{}, host.FailureTooLarge
	case !utf8.Valid(body):
		return host.Response{}, host.FailureNotText
	}
	return host.Response{Status: uint16(response.StatusCode), Headers: fields, Body: string(body)}, nil //nolint:gosec // three digits
}

// fields are a response's header fields for a guest, in the order of their names.
func fields(header http.Header) ([]host.Header, error) {
	var all []host.Header
	size := 0
	for _, key := range slices.Sorted(maps.Keys(header)) {
		name := strings.ToLower(key)
		if name == "set-cookie" || name == "set-cookie2" {
			continue
		}
		for _, value := range header[key] {
			if !utf8.ValidString(value) {
				return nil, host.FailureNotText
			}
			if size += len(name) + len(value); size > maxHeaderBytes || len(all) == maxHeaders {
				return nil, host.FailureTooLarge
			}
			all = append(all, host.Header{Name: name, Value: value})
		}
	}
	return all, nil
}

// failure says why there is no connection, or why a request was not answered.
func failure(err error) error {
	var known host.Failure
	var network net.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &network) && network.Timeout():
		return host.FailureTimeout
	case errors.As(err, new(*net.DNSError)):
		return host.FailureDNS
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return host.FailureConnect
	}
	return host.FailureInvalidResponse
}

// dial connects to a host. It fails with a host.Failure.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, host.FailureInvalidRequest
	}
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	dialer := net.Dialer{Resolver: c.o.Resolver, Control: guard(slices.Contains(c.o.Private, name))}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, failure(err)
	}
	secured := tls.Client(conn, &tls.Config{ServerName: name, RootCAs: c.o.Roots, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			return nil, host.FailureTimeout
		}
		return nil, host.FailureTLS
	}
	return secured, nil
}
