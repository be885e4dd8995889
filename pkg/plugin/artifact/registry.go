package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// What is asked of a registry at most.
const (
	maxReferrerPages = 8
	maxListBytes     = 1 << 20
)

// Errors of a registry. What is wrong with a package itself is none of them.
var (
	ErrReference   = errors.New("no reference of a registry's")
	ErrNotFound    = errors.New("the registry does not have it")
	ErrDenied      = errors.New("the registry does not allow it")
	ErrUnreachable = errors.New("the registry cannot be reached")
)

// Registry says how registries are reached. The zero value reaches those that
// anybody may read.
type Registry struct {
	// Transport makes the requests; nil is http.DefaultTransport. A registry whose
	// certificate is a hospital's own needs one that knows that authority.
	Transport http.RoundTripper
	// Credentials is a file as `docker login` writes it. Empty is nobody.
	Credentials string
}

// Push brings a package and its signatures to a registry, at a reference such as
// "registry.example.org/plugins/medical-basics:1.2.0"; without a tag, it gets its
// version's. It returns the reference by digest. Only a registry on this machine
// is spoken to without TLS. What is there already is not sent again.
func Push(ctx context.Context, reference string, p *Package, r Registry) (string, error) {
	repo, err := r.repository(reference)
	if err != nil {
		return "", err
	}
	for _, blob := range []struct {
		mediaType string
		data      []byte
	}{{componentType, p.wasm}, {configType, p.config}} {
		if err := pushBlob(ctx, repo, blob.mediaType, blob.data); err != nil {
			return "", told(reference, err)
		}
	}
	tag := repo.Reference.Reference
	if tag == "" {
		tag = p.manifest.Version
	}
	d := p.descriptor()
	if err := repo.PushReference(ctx, d, bytes.NewReader(p.oci), tag); err != nil {
		return "", told(reference, err)
	}
	for _, signature := range p.signatures {
		if err := p.pushSignature(ctx, repo, signature); err != nil {
			return "", told(reference, err)
		}
	}
	at := repo.Reference
	at.Reference = d.Digest.String()
	return at.String(), nil
}

func (p *Package) pushSignature(ctx context.Context, repo *remote.Repository, signature []byte) error {
	oci, err := p.referrer(signature)
	if err != nil {
		return err
	}
	if err := pushBlob(ctx, repo, SignatureType, signature); err != nil {
		return err
	}
	if err := pushBlob(ctx, repo, SignatureType, []byte(nothing)); err != nil {
		return err
	}
	d := describe(ocispec.MediaTypeImageManifest, oci)
	d.ArtifactType = SignatureType
	if err := repo.Push(ctx, d, bytes.NewReader(oci)); err != nil {
		return fmt.Errorf("push a signature: %w", err)
	}
	return nil
}

func pushBlob(ctx context.Context, repo *remote.Repository, mediaType string, data []byte) error {
	d := describe(mediaType, data)
	there, err := repo.Exists(ctx, d)
	if err == nil && !there {
		err = repo.Push(ctx, d, bytes.NewReader(data))
	}
	if err != nil {
		return fmt.Errorf("push a part of type %s: %w", mediaType, err)
	}
	return nil
}

// Pull fetches a package and its signatures from a registry, by tag or by digest,
// such as "registry.example.org/plugins/medical-basics@sha256:…". Its digest is
// checked, its signatures are not: trust.Policy does that.
func Pull(ctx context.Context, reference string, r Registry) (*Package, error) {
	repo, err := r.repository(reference)
	if err != nil {
		return nil, err
	}
	if repo.Reference.Reference == "" {
		return nil, fmt.Errorf("artifact: %w: %s: say which one, by :tag or @digest", ErrReference, reference)
	}
	get := func(d ocispec.Descriptor) ([]byte, error) {
		data, err := content.FetchAll(ctx, repo, d)
		if err != nil {
			return nil, told(reference, err)
		}
		return data, nil
	}
	d, err := repo.Resolve(ctx, repo.Reference.Reference)
	if err != nil {
		return nil, told(reference, err)
	}
	oci, err := fetch(get, d, maxOCIBytes)
	if err != nil {
		return nil, err
	}
	if d.Digest != digest.FromBytes(oci) {
		return nil, fmt.Errorf("artifact: %s: its digest is not its SHA-256", reference)
	}
	p, err := unpack(oci, get)
	if err != nil {
		return nil, err
	}
	if err := p.pullSignatures(ctx, repo, get); err != nil {
		return nil, fmt.Errorf("artifact: %s: signatures: %w", reference, err)
	}
	return p, nil
}

// errEnough ends a listing.
var errEnough = errors.New("enough")

// pullSignatures takes as many as a policy would look at.
func (p *Package) pullSignatures(ctx context.Context, repo *remote.Repository, get source) error {
	subject := p.descriptor()
	err := repo.Referrers(ctx, subject, SignatureType, func(referrers []ocispec.Descriptor) error {
		for _, d := range referrers {
			if len(p.signatures) == trust.MaxSignatures {
				return errEnough
			}
			oci, err := fetch(get, d, maxOCIBytes)
			if err != nil {
				return err
			}
			signature, err := signatureOf(oci, subject.Digest, get)
			if err != nil {
				return err
			}
			if signature != nil {
				if err := p.attach(signature); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

func (r Registry) repository(reference string) (*remote.Repository, error) {
	repo, err := remote.NewRepository(reference)
	if err != nil {
		return nil, told(reference, err)
	}
	transport := r.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	client := &auth.Client{
		Client: &http.Client{Transport: retry.NewTransport(transport), CheckRedirect: stayPrivate},
		Cache:  auth.NewCache(),
	}
	if r.Credentials != "" {
		store, err := readCredentials(r.Credentials)
		if err != nil {
			return nil, fmt.Errorf("artifact: credentials: %w", err)
		}
		client.Credential = credentials.Credential(store)
	}
	repo.Client = client
	repo.PlainHTTP = isLoopback(repo.Reference.Host())
	repo.ReferrerListMaxPages = maxReferrerPages
	repo.MaxMetadataBytes = maxListBytes
	return repo, nil
}

// told says of which kind an error of a registry is, where that is known.
func told(reference string, err error) error {
	var (
		reply   *errcode.ErrorResponse
		network *url.Error
		kind    error
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // the caller's
	case errors.Is(err, errdef.ErrInvalidReference):
		kind = ErrReference
	case errors.Is(err, errdef.ErrNotFound):
		kind = ErrNotFound
	case errors.Is(err, auth.ErrBasicCredentialNotFound),
		errors.As(err, &reply) && (reply.StatusCode == http.StatusUnauthorized || reply.StatusCode == http.StatusForbidden):
		kind = ErrDenied
	case errors.As(err, &network):
		kind = ErrUnreachable
	}
	if kind == nil {
		return fmt.Errorf("artifact: %s: %w", reference, err)
	}
	return fmt.Errorf("artifact: %s: %w: %w", reference, kind, err)
}

// readCredentials refuses a file that is not there, where oras would go on as
// nobody.
func readCredentials(path string) (credentials.Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return credentials.NewFileStore(path)
}

// isLoopback tells whether a host, with or without a port, is this machine.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// stayPrivate refuses to be sent from TLS to where there is none.
func stayPrivate(to *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than 10 redirects")
	}
	if to.URL.Scheme != "https" && !isLoopback(to.URL.Host) {
		return fmt.Errorf("refused to be redirected to %s without TLS", to.URL.Host)
	}
	return nil
}
