package tlog

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Names of the files of a log, in its folder.
const (
	keyFile  = "log.key" // the note signer's key, mode 0600
	pubFile  = "log.pub" // the verifier's key: origin+hash+key, and a newline
	lockFile = "lock"
	treeDir  = "log" // tlog-tiles, as Tessera writes them
)

// loadKey returns the log's signer and verifier. It makes an Ed25519 key for a
// new log; an old one without its key, or with the key of another origin, is
// refused: its checkpoints would not go on from those that are known.
func loadKey(dir, origin string) (note.Signer, note.Verifier, error) {
	path := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(path) //nolint:gosec // a file of the log's own folder
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeKey(dir, path, origin)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("log key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, nil, fmt.Errorf("log key %s: is not a signed note's key", path)
	}
	if signer.Name() != origin {
		return nil, nil, fmt.Errorf("log key %s: is of origin %q, configured is %q", path, signer.Name(), origin)
	}
	verifier, err := publish(dir, string(text))
	if err != nil {
		return nil, nil, fmt.Errorf("log key: %w", err)
	}
	return signer, verifier, nil
}

func makeKey(dir, path, origin string) ([]byte, error) {
	if _, err := os.Stat(filepath.Join(dir, treeDir)); err == nil {
		return nil, fmt.Errorf("%s is missing, but the log exists: restore the key", path)
	}
	key, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("origin %q: %w", origin, err)
	}
	return []byte(key), writeDurably(path, key+"\n", 0o600)
}

// publish writes the public key next to the private one, derived from it each
// time so that the two cannot differ.
func publish(dir, key string) (note.Verifier, error) {
	public, err := publicKey(strings.TrimSpace(key))
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, pubFile)
	have, err := os.ReadFile(path) //nolint:gosec // a file of the log's own folder
	if err == nil && string(have) == public+"\n" {
		return verifier, nil
	}
	return verifier, writeDurably(path, public+"\n", 0o644)
}

// writeDurably makes a file that is there whole, or not at all, after a crash.
func writeDurably(path, text string, mode fs.FileMode) (err error) {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode) //nolint:gosec // of the log's own folder
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
