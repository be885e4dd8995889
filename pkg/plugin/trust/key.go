package trust

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxKeyBytes bounds a key's file.
const maxKeyBytes = 4 << 10

// keyName is what a key may be called: like a host's name, perhaps with a path.
var keyName = regexp.MustCompile(`^[a-z0-9]([a-z0-9./-]{0,98}[a-z0-9])?$`)

// GenerateKey makes a key pair under a name such as "plugins.example.org". The
// private key goes to path, readable by its owner alone; the public key, as a
// policy names it, to path with ".pub" behind it. Neither may be there already.
func GenerateKey(path, name string) error {
	if !keyName.MatchString(name) {
		return errors.New("trust: a key's name is of lower-case letters, digits, dots, hyphens and slashes, at most 100")
	}
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	if err := writeNew(path, private, 0o600); err != nil {
		return err
	}
	return writeNew(path+".pub", public, 0o644)
}

func writeNew(path, line string, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // the operator chose the path
	if err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteString(line + "\n"); err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	return f.Sync()
}

// Key signs. It is safe for concurrent use.
type Key struct{ signer note.Signer }

// ReadKey reads a private key from its file, which must be its owner's alone.
func ReadKey(path string) (*Key, error) {
	f, err := os.Open(path) //nolint:gosec // the operator chose the path
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("trust: %s: others may read this key; run chmod 600 %s, or make a new key if it was exposed", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyBytes))
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		// The package's error would not hold the key, and neither does ours.
		return nil, fmt.Errorf("trust: %s is not a private key of `hygia plugin sign`", path)
	}
	return &Key{signer}, nil
}

// Name returns the name under which the key was made.
func (k *Key) Name() string { return k.signer.Name() }

// Sign returns a signature of the statement: the same each time.
func (k *Key) Sign(s Statement) ([]byte, error) {
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	return signed, nil
}
