package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/services/gateway/internal/server"
)

// elsewhere is a listener on an address that others reach.
type elsewhere struct{ net.Listener }

func (elsewhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

func TestNothingIsServedInTheClearToOthers(t *testing.T) {
	err := server.Serve(t.Context(), server.Deps{Config: &server.Config{}, Listener: elsewhere{listen(t)}})
	if err == nil || !strings.Contains(err.Error(), "tls.cert_file") || !strings.Contains(err.Error(), "behind_tls_proxy") {
		t.Errorf("Serve: %v", err)
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	for name, c := range map[string]*server.Config{
		"half a certificate":    {TLS: server.TLS{CertFile: "cert.pem"}},
		"a file that is not":    {TLS: server.TLS{CertFile: "/none/cert.pem", KeyFile: "/none/key.pem"}},
		"any origin":            {CORSOrigins: []string{"*"}},
		"an origin with a path": {CORSOrigins: []string{"https://studio.example.org/"}},
		"a negative bound":      {MaxRequests: -1},
		"a negative rate":       {Limits: server.Limits{Token: server.Rate{PerSecond: -1}}},
		"no time":               {RequestTimeout: time.Millisecond},
	} {
		d := server.Deps{Config: c, Listener: listen(t), Clock: time.Now, Telemetry: telemetryTo(t, io.Discard)}
		if err := server.Serve(t.Context(), d); err == nil {
			t.Errorf("%s is served", name)
		}
	}
}

func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	w := start(t, func(c *server.Config) { c.TLS = server.TLS{CertFile: cert, KeyFile: key} })
	w.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
	w.client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	response, _ := w.do(t, request{method: "GET", path: "/v1/entries/" + mine})
	if response.StatusCode != 200 || response.ProtoMajor != 2 || response.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d over HTTP/%d, %v", response.StatusCode, response.ProtoMajor, response.Header)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}}} //nolint:gosec // that it fails is the test
	if r, err := old.Get(w.url + "/livez"); err == nil {
		r.Body.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

func TestARenewedCertificateIsRead(t *testing.T) {
	cert, key, _ := certificate(t)
	later := &atomic.Int64{}
	w := startAt(t, func() time.Time { return time.Now().Add(time.Duration(later.Load())) },
		func(c *server.Config) { c.TLS = server.TLS{CertFile: cert, KeyFile: key} })
	shown := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(w.url, "https://"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // which one it is, is the question
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return string(conn.ConnectionState().PeerCertificates[0].Raw)
	}
	before := shown()
	replace := func(from, to string) {
		data, err := os.ReadFile(from)
		if err == nil {
			err = errors.Join(os.WriteFile(to, data, 0o600), os.Chtimes(to, time.Time{}, time.Now().Add(time.Hour)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	newCert, newKey, _ := certificate(t)
	replace(newCert, cert)
	later.Store(int64(time.Minute))
	if shown() != before {
		t.Error("half a renewal is shown")
	}
	replace(newKey, key)
	if shown() != before {
		t.Error("the files are read at every handshake")
	}
	later.Store(int64(2 * time.Minute))
	if shown() == before {
		t.Error("the old certificate is still shown")
	}
}

// Headers without an end, and too many of them, are cut off.
func TestHeadersAreBounded(t *testing.T) {
	w := start(t, nil)
	response, err := http.NewRequest(http.MethodGet, w.url+"/livez", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Header.Set("X-Large", strings.Repeat("a", 32<<10))
	answer, err := w.client.Do(response)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", answer.StatusCode)
	}
}

func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: bytes}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return cert, key, pool
}
