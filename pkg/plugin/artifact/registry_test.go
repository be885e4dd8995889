package artifact_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
)

// serve runs a registry on this machine and returns its host.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func newRegistry(referrers bool) http.Handler {
	return registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0)))
}

// A registry that lists referrers, and one of before they were.
func TestPushAndPull(t *testing.T) {
	for name, referrers := range map[string]bool{"with referrers": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			host := serve(t, newRegistry(referrers))
			p := signed(t, "a.example", "b.example")
			for range 2 { // the second time, all is there
				at, err := artifact.Push(t.Context(), host+"/plugins/medical-basics", p, artifact.Registry{})
				if err != nil {
					t.Fatal(err)
				}
				if at != host+"/plugins/medical-basics@"+p.Digest() {
					t.Errorf("got %s", at)
				}
			}
			for _, by := range []string{":1.2.0", "@" + p.Digest()} {
				got, err := artifact.Pull(t.Context(), host+"/plugins/medical-basics"+by, artifact.Registry{})
				if err != nil {
					t.Fatal(err)
				}
				same(t, got, p)
			}
		})
	}
}

// A signature that is made later is found with what was there.
func TestASignatureMayComeLater(t *testing.T) {
	host := serve(t, newRegistry(true))
	p := pack(t)
	for _, name := range []string{"", "a.example", "b.example"} {
		if name != "" {
			if err := p.Sign(key(t, name)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := artifact.Push(t.Context(), host+"/p:latest", p, artifact.Registry{}); err != nil {
			t.Fatal(err)
		}
		got, err := artifact.Pull(t.Context(), host+"/p:latest", artifact.Registry{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, p)
	}
}

// altering changes the replies of a registry.
func altering(h http.Handler, change func(*http.Request, *httptest.ResponseRecorder)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.ServeHTTP(w, r)
			return
		}
		reply := httptest.NewRecorder()
		h.ServeHTTP(reply, r)
		change(r, reply)
		for k, v := range reply.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(reply.Code)
		_, _ = w.Write(reply.Body.Bytes())
	})
}

// A registry that gives other bytes than were asked for is found out, whatever
// part they are of.
func TestPullRefusesAlteredParts(t *testing.T) {
	p := signed(t, "a.example")
	for name, part := range map[string]string{"a blob": "/blobs/", "a manifest": "/manifests/"} {
		t.Run(name, func(t *testing.T) {
			changed := false
			host := serve(t, altering(newRegistry(true), func(r *http.Request, w *httptest.ResponseRecorder) {
				if body := w.Body.Bytes(); r.Method == http.MethodGet && strings.Contains(r.URL.Path, part) && len(body) > 2 {
					body[len(body)/2] ^= 1
					changed = true
				}
			}))
			if _, err := artifact.Push(t.Context(), host+"/p:1", p, artifact.Registry{}); err != nil {
				t.Fatal(err)
			}
			if _, err := artifact.Pull(t.Context(), host+"/p@"+p.Digest(), artifact.Registry{}); err == nil || !changed {
				t.Errorf("altered: %v; got %v", changed, err)
			}
		})
	}
}

// A part that says that it is huge is not asked for.
func TestPullRefusesHugeParts(t *testing.T) {
	m, err := json.Marshal(ocispec.Manifest{
		MediaType: ocispec.MediaTypeImageManifest, ArtifactType: artifact.ArtifactType,
		Config: ocispec.Descriptor{MediaType: "application/vnd.wasm.config.v0+json", Digest: ocispec.DescriptorEmptyJSON.Digest, Size: 1 << 40},
		Layers: []ocispec.Descriptor{{MediaType: "application/wasm", Digest: ocispec.DescriptorEmptyJSON.Digest, Size: 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/blobs/") {
			t.Errorf("%s was asked for", r.URL.Path)
		}
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		w.Header().Set("Docker-Content-Digest", sum(m))
		_, _ = w.Write(m)
	}))
	if _, err := artifact.Pull(t.Context(), host+"/p:1", artifact.Registry{}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
}

func TestPullSaysWhatIsMissing(t *testing.T) {
	host := serve(t, newRegistry(true))
	for reference, says := range map[string]string{
		host + "/p":     "say which one",
		host + "/p:1":   "not found",
		"no reference!": "invalid reference",
	} {
		if _, err := artifact.Pull(t.Context(), reference, artifact.Registry{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", reference, err)
		}
	}
	if _, err := artifact.Pull(t.Context(), host+"/p:1", artifact.Registry{Credentials: filepath.Join(t.TempDir(), "none.json")}); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("credentials that are not there: got %v", err)
	}
}

// Of what kind an error is, a caller can tell; what its own end caused is none.
func TestErrorsOfRegistriesHaveKinds(t *testing.T) {
	answers := func(status int, header http.Header) string {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), header)
			w.WriteHeader(status)
		}))
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	kinds := map[string]error{
		"reference": artifact.ErrReference, "not found": artifact.ErrNotFound,
		"denied": artifact.ErrDenied, "unreachable": artifact.ErrUnreachable,
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx  context.Context
		host string
		want string
	}{
		"nothing of that name": {t.Context(), serve(t, newRegistry(true)), "not found"},
		"a login is asked for": {t.Context(), answers(http.StatusUnauthorized, http.Header{"Www-Authenticate": {`Basic realm="r"`}}), "denied"},
		"not for this one":     {t.Context(), answers(http.StatusForbidden, nil), "denied"},
		"no registry":          {t.Context(), strings.TrimPrefix(gone.URL, "http://"), "unreachable"},
		"malformed":            {t.Context(), "no reference!", "reference"},
		"the caller left":      {ended, strings.TrimPrefix(gone.URL, "http://"), ""},
	} {
		_, pulled := artifact.Pull(c.ctx, c.host+"/p:1", artifact.Registry{})
		_, pushed := artifact.Push(c.ctx, c.host+"/p:1", pack(t), artifact.Registry{})
		for kind, err := range kinds {
			if pulled == nil || errors.Is(pulled, err) != (kind == c.want) {
				t.Errorf("%s: pull: got %v, want %q", name, pulled, c.want)
			}
			if c.want != "not found" && (pushed == nil || errors.Is(pushed, err) != (kind == c.want)) {
				t.Errorf("%s: push: got %v, want %q", name, pushed, c.want)
			}
		}
	}
	if _, err := artifact.Pull(t.Context(), "registry.example.org/p", artifact.Registry{}); !errors.Is(err, artifact.ErrReference) {
		t.Errorf("neither tag nor digest: got %v", err)
	}
}

// Only this machine is spoken to without TLS.
func TestOthersAreSpokenToByTLS(t *testing.T) {
	var schemes []string
	note := roundTrip(func(r *http.Request) (*http.Response, error) {
		schemes = append(schemes, r.URL.Scheme)
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r, Header: http.Header{}}, nil
	})
	for _, host := range []string{"registry.example.org", "localhost.example.org", "10.0.0.1:5000", "127.0.0.1:5000", "localhost:5000"} {
		if _, err := artifact.Pull(t.Context(), host+"/p:1", artifact.Registry{Transport: note}); err == nil {
			t.Errorf("%s: got something", host)
		}
	}
	if got := strings.Join(schemes, " "); got != "https https https http http" {
		t.Errorf("got %s", got)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Credentials come from a file as `docker login` writes it, and go to the host
// that they are for; a redirect to where there is no TLS is not followed.
func TestCredentialsGoToTheirHostAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(`{"auths": {"registry.example.org": {"auth": "bWU6c2VjcmV0"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	answer := roundTrip(func(r *http.Request) (*http.Response, error) {
		got = append(got, r.URL.Host+" "+r.Header.Get("Authorization"))
		reply := &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody, Request: r, Header: http.Header{"Www-Authenticate": {`Basic realm="r"`}}}
		if r.Header.Get("Authorization") != "" {
			reply.StatusCode = http.StatusFound
			reply.Header = http.Header{"Location": {"http://elsewhere.example/p"}}
		}
		return reply, nil
	})
	for _, host := range []string{"registry.example.org", "other.example.org"} {
		_, err := artifact.Pull(t.Context(), host+"/p:1", artifact.Registry{Transport: answer, Credentials: path})
		if err == nil {
			t.Errorf("%s: got something", host)
		}
	}
	want := []string{"registry.example.org ", "registry.example.org Basic bWU6c2VjcmV0", "other.example.org "}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q", got)
	}
}
