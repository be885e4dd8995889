package outbound_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin/outbound"
	"github.com/hygia-suite/hygia/pkg/plugin/outbound/outboundtest"
	"github.com/hygia-suite/hygia/pkg/wit/host"
)

const name = "fhir.example.org"

// send asks a client for what a guest would.
func send(t *testing.T, c *outbound.Client, granted string, r host.Request) (host.Response, error) {
	t.Helper()
	admitted, err := outbound.Admit(r, []string{granted})
	if err != nil {
		return host.Response{}, err
	}
	return c.Send(t.Context(), admitted)
}

func get(granted, path string) host.Request {
	return host.Request{Method: host.MethodGet, URL: "https://" + granted + path}
}

func TestARequestArrivesAndIsAnswered(t *testing.T) {
	net := outboundtest.New(t)
	granted := net.Serve(name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.RequestURI() != "/Patient?active=true" || string(body) != "olá" ||
			!slices.Equal(r.Header["X-Trace"], []string{"a", "b"}) || r.UserAgent() != "hygia" {
			t.Errorf("got %s %s %q %v", r.Method, r.URL.RequestURI(), body, r.Header)
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Set-Cookie", "session=1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "até logo")
	}), nil)
	response, err := send(t, net.Client(name), granted, host.Request{
		Method: host.MethodPost, URL: "https://" + granted + "/Patient?active=true", Body: new("olá"),
		Headers: []host.Header{{Name: "X-Trace", Value: "a"}, {Name: "x-trace", Value: "b"}},
	})
	if err != nil || response.Status != http.StatusCreated || response.Body != "até logo" {
		t.Fatalf("got %v, %v", response, err)
	}
	names := []string{}
	for _, h := range response.Headers {
		names = append(names, h.Name)
	}
	if !slices.Equal(names, []string{"content-length", "content-type", "date", "etag"}) {
		t.Errorf("got the fields %q", names)
	}
}

// A redirect is an answer, and what it names is never asked.
func TestNothingIsFollowedKeptOrRoutedElsewhere(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	net := outboundtest.New(t)
	requests := 0
	granted := net.Serve(name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie was kept")
		}
		w.Header().Set("Set-Cookie", "session=1")
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}), nil)
	client := net.Client(name)
	for range 2 {
		if response, err := send(t, client, granted, get(granted, "/")); err != nil || response.Status != http.StatusTemporaryRedirect {
			t.Fatalf("got %v, %v", response, err)
		}
	}
	if requests != 2 {
		t.Errorf("%d requests arrived", requests)
	}
}

func TestWhyThereIsNoAnswer(t *testing.T) {
	answer := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	header := func(name string, values ...string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header()[name] = values })
	}
	raw := func(text string) http.Handler { // whatever a host may say
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, text)
				_ = conn.Close()
			}
		})
	}
	for what, c := range map[string]struct {
		handler   http.Handler
		configure func(*tls.Config)
		want      host.Failure
	}{
		"a body too large":       {answer(strings.Repeat("a", 1<<20+1)), nil, host.FailureTooLarge},
		"headers too large":      {header("X-Long", strings.Repeat("a", 17<<10)), nil, host.FailureTooLarge},
		"too many headers":       {header("X-Many", slices.Repeat([]string{"a"}, 65)...), nil, host.FailureTooLarge},
		"headers without end":    {header("X-Long", strings.Repeat("a", 80<<10)), nil, host.FailureInvalidResponse},
		"a body in Latin-1":      {answer("ol\xe1"), nil, host.FailureNotText},
		"a header in Latin-1":    {header("X-Name", "ol\xe1"), nil, host.FailureNotText},
		"no HTTP":                {raw("SSH-2.0-OpenSSH\r\n"), nil, host.FailureInvalidResponse},
		"nothing":                {raw(""), nil, host.FailureConnect},
		"half an answer":         {raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), nil, host.FailureConnect},
		"another protocol":       {raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), nil, host.FailureInvalidResponse},
		"TLS 1.1":                {answer(""), func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }, host.FailureTLS},
		"a foreign certificate":  {answer(""), nil, host.FailureTLS},
		"another's certificate":  {answer(""), nil, host.FailureTLS},
		"no TLS":                 {nil, nil, host.FailureTLS},
		"an answer that is late": {nil, nil, host.FailureTimeout},
	} {
		t.Run(what, func(t *testing.T) {
			internet := outboundtest.New(t)
			client := internet.Client(name)
			r := host.Request{Method: host.MethodGet}
			var granted string
			switch what {
			case "no TLS":
				granted = speak(t, internet, "HTTP/1.1 400 Bad Request\r\n\r\n")
			case "an answer that is late":
				granted = speak(t, internet, "")
				r.TimeoutMs = new(uint32(50))
			case "a foreign certificate":
				granted = outboundtest.New(t).Serve(name, c.handler, nil)
				internet.Name(name, "127.0.0.1")
			case "another's certificate":
				_, port, _ := net.SplitHostPort(internet.Serve("other.example.org", c.handler, nil))
				granted = name + ":" + port
				internet.Name(name, "127.0.0.1")
			default:
				granted = internet.Serve(name, c.handler, c.configure)
			}
			r.URL = "https://" + granted
			if response, err := send(t, client, granted, r); !errors.Is(err, c.want) {
				t.Errorf("got %v, %v, want %v", response, err, c.want)
			}
		})
	}
}

// speak serves a name with a text for whoever connects; with none it says nothing.
func speak(t *testing.T, i *outboundtest.Internet, text string) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = lis.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			_, _ = io.WriteString(conn, text)
		}
	}()
	i.Name(name, "127.0.0.1")
	_, port, _ := net.SplitHostPort(lis.Addr().String())
	return name + ":" + port
}

func TestAHostThatIsNotThere(t *testing.T) {
	internet := outboundtest.New(t)
	client := internet.Client(name)
	if _, err := send(t, client, name, get(name, "/")); !errors.Is(err, host.FailureDNS) {
		t.Errorf("an unknown name: got %v", err)
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(lis.Addr().String())
	_ = lis.Close()
	internet.Name(name, "127.0.0.1")
	if _, err := send(t, client, name+":"+port, get(name+":"+port, "/")); !errors.Is(err, host.FailureConnect) {
		t.Errorf("nobody listens: got %v", err)
	}
}

// A name that leads into the operator's network, or to no host at all, is denied
// when it is connected to; a name that the operator allows reaches that network,
// and still nothing that no host has.
func TestNamesThatLeadInside(t *testing.T) {
	inside := []string{"127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"}
	nowhere := []string{
		"0.0.0.0", "169.254.169.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255",
		"192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "2001:4:112::1", "2620:4f:8000::1", "2001:20::1", "5f00::1",
		"::", "fe80::1", "ff02::1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "100::1", "::a00:1", "::ffff:169.254.169.254",
	}
	internet := outboundtest.New(t)
	stranger, trusted := internet.Client("other.example.org"), internet.Client(name)
	for _, address := range slices.Concat(inside, nowhere) {
		internet.Name(name, address)
		if _, err := send(t, stranger, name, get(name, "/")); !errors.Is(err, host.FailureDenied) {
			t.Errorf("%s: got %v", address, err)
		}
	}
	for _, address := range nowhere {
		internet.Name(name, address)
		if _, err := send(t, trusted, name, get(name, "/")); !errors.Is(err, host.FailureDenied) {
			t.Errorf("%s, of a host that may be private: got %v", address, err)
		}
	}
}

func TestAddressesOfTheInternetAreReachable(t *testing.T) {
	for _, address := range []string{"8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "192.31.197.1", "192.175.49.1", "2620:4f:8001::1", "2001:200::1", "2606:4700::1111", "2a00::1"} {
		if a := netip.MustParseAddr(address); !outbound.Reachable(a, false) || !outbound.Reachable(a, true) {
			t.Errorf("%s is not reachable", address)
		}
	}
}

// A name that leads elsewhere from one moment to the next is denied too: what
// counts is the address that is connected to.
func TestANameThatIsBoundAgain(t *testing.T) {
	internet := outboundtest.New(t)
	arrived := 0
	granted := internet.Serve(name, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }), nil)
	client := internet.Client() // which may reach the internet alone
	for range 3 {
		if _, err := send(t, client, granted, get(granted, "/")); !errors.Is(err, host.FailureDenied) {
			t.Errorf("got %v", err)
		}
	}
	if arrived != 0 {
		t.Errorf("%d requests arrived", arrived)
	}
}

// A call that ends takes its request along.
func TestARequestEndsWithItsCall(t *testing.T) {
	internet := outboundtest.New(t)
	granted := speak(t, internet, "")
	admitted, err := outbound.Admit(get(granted, "/"), []string{granted})
	if err != nil {
		t.Fatal(err)
	}
	client := internet.Client(name)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Send(ctx, admitted); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	cause := errors.New("the caller gave up")
	ended, end := context.WithCancelCause(t.Context())
	end(cause)
	if _, err := client.Send(ended, admitted); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// The zero Options trust the system's authorities, not a test's.
func TestTheSystemsRootsAreTheDefault(t *testing.T) {
	internet := outboundtest.New(t)
	granted := internet.Serve(name, http.NotFoundHandler(), nil)
	for what, roots := range map[string]*x509.CertPool{"the system's": nil, "none": x509.NewCertPool()} {
		client := outbound.New(outbound.Options{Private: []string{name}, Resolver: internet.Resolver(), Roots: roots})
		if _, err := send(t, client, granted, get(granted, "/")); !errors.Is(err, host.FailureTLS) {
			t.Errorf("%s: got %v", what, err)
		}
		client.Close()
	}
}
