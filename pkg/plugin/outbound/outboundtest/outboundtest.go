// Package outboundtest is an internet for tests: names, certificates and servers
// that an outbound.Client reaches without leaving the machine.
package outboundtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin/outbound"
)

// Internet is a certificate authority and a name server. It is safe for
// concurrent use.
type Internet struct {
	tb   testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu    sync.Mutex
	names map[string][]netip.Addr
}

// New makes an internet on which there is nothing yet.
func New(tb testing.TB) *Internet {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a test's authority"}, NotAfter: end(),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &Internet{tb: tb, cert: cert, key: key, names: map[string][]netip.Addr{}}
}

// Client gives a client of this internet, to which the named hosts may be private,
// as every server here is.
func (i *Internet) Client(private ...string) *outbound.Client {
	roots := x509.NewCertPool()
	roots.AddCert(i.cert)
	client := outbound.New(outbound.Options{Private: private, Roots: roots, Resolver: i.Resolver()})
	i.tb.Cleanup(client.Close)
	return client
}

// Name says where a name leads; without addresses it is known, and leads nowhere.
func (i *Internet) Name(name string, addresses ...string) {
	i.tb.Helper()
	var parsed []netip.Addr
	for _, a := range addresses {
		at, err := netip.ParseAddr(a)
		if err != nil {
			i.tb.Fatal(err)
		}
		parsed = append(parsed, at)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.names[name] = parsed
}

// Serve serves a name on this machine, over TLS as configure leaves it if it is not
// nil, and returns the host with its port.
func (i *Internet) Serve(name string, handler http.Handler, configure func(*tls.Config)) string {
	i.tb.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{i.certificate(name)}, MinVersion: tls.VersionTLS12}
	if configure != nil {
		configure(server.TLS)
	}
	server.StartTLS()
	i.tb.Cleanup(server.Close)
	i.Name(name, "127.0.0.1")
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		i.tb.Fatal(err)
	}
	return name + ":" + port
}

func (i *Internet) certificate(name string) tls.Certificate {
	i.tb.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotAfter: end()}
	der, err := x509.CreateCertificate(rand.Reader, template, i.cert, &i.key.PublicKey, i.key)
	if err != nil {
		i.tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: i.key}
}

// Resolver asks the names of this internet.
func (i *Internet) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go i.answer(server)
		return client, nil
	}}
}

// answer answers queries over a stream: each message after its length, RFC 1035,
// section 4.2.2.
func (i *Internet) answer(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil || len(query) < 12 {
			return
		}
		message := i.message(query)
		if _, err := conn.Write(binary.BigEndian.AppendUint16(nil, uint16(len(message)))); err != nil { //nolint:gosec // short
			return
		}
		if _, err := conn.Write(message); err != nil {
			return
		}
	}
}

// message answers a query of one question.
func (i *Internet) message(query []byte) []byte {
	var labels []string
	at := 12
	for query[at] != 0 {
		labels = append(labels, string(query[at+1:at+1+int(query[at])]))
		at += 1 + int(query[at])
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	i.mu.Lock()
	addresses, known := i.names[strings.ToLower(strings.Join(labels, "."))]
	i.mu.Unlock()
	answers := []byte{}
	count := uint16(0)
	for _, a := range addresses {
		if of := map[bool]uint16{true: 1, false: 28}[a.Is4()]; of != kind { // A and AAAA
			continue
		}
		count++
		data := a.AsSlice()
		answers = append(answers, 0xc0, 12, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(data))) //nolint:gosec // 1 or 28
		answers = append(answers, data...)
	}
	flags := uint16(0x8180)
	if !known {
		flags |= 3 // there is no such name
	}
	message := append([]byte{}, query[:2]...)
	for _, field := range []uint16{flags, 1, count, 0, 0} {
		message = binary.BigEndian.AppendUint16(message, field)
	}
	return append(append(message, query[12:at+5]...), answers...)
}

// end is when certificates end: later than any test runs.
func end() time.Time { return time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC) }
