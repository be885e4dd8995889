// Package authority issues X509-SVIDs for one trust domain: the certificate
// authority behind the embedded Workload API server and behind tests.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// Authority is one CA certificate with its key (ECDSA P-256). It is immutable.
type Authority struct {
	Certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// New makes a self-signed authority (X509-SVID 2 and 4), good from now on for
// about life.
func New(td spiffeid.TrustDomain, now time.Time, life time.Duration) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("authority: key: %w", err)
	}
	template, err := template(td.ID(), now, now.Add(life))
	if err != nil {
		return nil, err
	}
	template.Subject = pkix.Name{Organization: []string{"Hygia"}, CommonName: td.Name()}
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	cert, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: cert, key: key}, nil
}

// Issue makes an SVID with a fresh key, good from now on for ttl rounded up to
// a second, and never longer than the authority itself.
func (a *Authority) Issue(id spiffeid.ID, now time.Time, ttl time.Duration) (*x509svid.SVID, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("authority: key: %w", err)
	}
	end := now.Add(ttl)
	if a.Certificate.NotAfter.Before(end) {
		end = a.Certificate.NotAfter
	}
	template, err := template(id, now, end)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	cert, err := sign(template, a.Certificate, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return &x509svid.SVID{ID: id, Certificates: []*x509.Certificate{cert}, PrivateKey: key}, nil
}

// template rounds the end up: certificates count whole seconds, and one that is
// meant to hold for two must not hold for one.
func template(id spiffeid.ID, now, end time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("authority: serial number: %w", err)
	}
	whole := end.Truncate(time.Second)
	if whole.Before(end) {
		whole = whole.Add(time.Second)
	}
	return &x509.Certificate{
		SerialNumber:          serial,
		NotBefore:             now.Add(-backdate).Truncate(time.Second),
		NotAfter:              whole,
		URIs:                  []*url.URL{id.URL()},
		BasicConstraintsValid: true,
	}, nil
}

// backdate forgives a clock that was set back a little.
const backdate = 10 * time.Second

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("authority: sign: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("authority: signed certificate: %w", err)
	}
	return cert, nil
}
