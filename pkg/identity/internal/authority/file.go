package authority

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Bounds on the file.
const (
	maxFileBytes = 64 << 10
	maxInFile    = 16
)

const (
	certBlock = "CERTIFICATE"
	keyBlock  = "PRIVATE KEY"
)

// Load reads a set that Save wrote. A file that is not there gives an empty
// set; one that others may read, or that is damaged, an error: making new
// authorities silently would cut every peer off.
func Load(path string, td spiffeid.TrustDomain, life time.Duration) (Set, error) {
	f, err := os.Open(path) //nolint:gosec // the operator's own configuration names it
	if errors.Is(err, fs.ErrNotExist) {
		return NewSet(td, life), nil
	}
	if err != nil {
		return Set{}, fmt.Errorf("authority: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Set{}, fmt.Errorf("authority: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Set{}, fmt.Errorf("authority: %s may be read by others (mode %v): make it 0600, and if others had access remove it", path, info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return Set{}, fmt.Errorf("authority: %w", err)
	}
	all, err := decode(data, td)
	if err != nil {
		return Set{}, fmt.Errorf("authority: %s: %w", path, err)
	}
	return NewSet(td, life, all...), nil
}

// decode reads pairs of a certificate and its key.
func decode(data []byte, td spiffeid.TrustDomain) ([]*Authority, error) {
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("more than %d bytes", maxFileBytes)
	}
	var all []*Authority
	for len(data) > 0 {
		var cert, key *pem.Block
		if cert, data = pem.Decode(data); cert == nil || cert.Type != certBlock {
			return nil, errors.New("want a certificate")
		}
		if key, data = pem.Decode(data); key == nil || key.Type != keyBlock {
			return nil, errors.New("want a certificate's key")
		}
		a, err := pair(cert.Bytes, key.Bytes, td)
		if err != nil {
			return nil, err
		}
		if all = append(all, a); len(all) > maxInFile {
			return nil, fmt.Errorf("more than %d authorities", maxInFile)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the file is empty")
	}
	return all, nil
}

func pair(cert, key []byte, td spiffeid.TrustDomain) (*Authority, error) {
	c, err := x509.ParseCertificate(cert)
	if err != nil {
		return nil, errors.New("damaged certificate")
	}
	k, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return nil, errors.New("damaged key")
	}
	private, ok := k.(*ecdsa.PrivateKey)
	switch {
	case c.CheckSignatureFrom(c) != nil:
		return nil, errors.New("a certificate that did not sign itself")
	case !ok || !private.PublicKey.Equal(c.PublicKey):
		return nil, errors.New("a key that is not its certificate's")
	case !c.IsCA || len(c.URIs) != 1 || c.URIs[0].String() != td.IDString():
		return nil, fmt.Errorf("an authority of another trust domain than %s", td.Name())
	}
	return &Authority{Certificate: c, key: private}, nil
}

// Save writes the set with its keys, mode 0600. It is durable once Save
// returns, and the file holds either the old set or the new one at every
// moment.
func (s Set) Save(path string) (err error) {
	var data []byte
	for _, a := range s.all {
		key, err := x509.MarshalPKCS8PrivateKey(a.key)
		if err != nil {
			return fmt.Errorf("authority: key: %w", err)
		}
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: certBlock, Bytes: a.Certificate.Raw})...)
		data = append(data, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})...)
	}
	if err := replaceFile(path, data); err != nil {
		return fmt.Errorf("authority: save: %w", err)
	}
	return nil
}

func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".authorities-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // fails once it is renamed
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
