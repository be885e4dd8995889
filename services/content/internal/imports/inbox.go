package imports

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// MaxBytes bounds an export: 64 MiB.
const MaxBytes = 64 << 20

// ErrTooLarge refuses an export of more than MaxBytes.
var ErrTooLarge = fault.New(codes.ResourceExhausted, "IMPORT_TOO_LARGE", "the export is larger than 64 MiB").
	WithHint("export in parts (in WordPress under Tools, Export: by kind, author or date), and import one after the other")

// inbox keeps the exports that are to be read, each in a folder of its import's
// id.
type inbox struct{ dir string }

func newInbox(dir string) (inbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return inbox{}, fmt.Errorf("imports: %w", err)
	}
	return inbox{dir}, nil
}

func (b inbox) folder(id string) string { return filepath.Join(b.dir, id) }

// pieces yields an upload's parts, and io.EOF after the last.
type pieces func() ([]byte, error)

// receive stores an upload. Once it returns nil the export is on disk; where it
// returns an error, nothing is left.
func (b inbox) receive(id string, next pieces) (size int64, digest string, err error) {
	folder := b.folder(id)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return 0, "", fmt.Errorf("imports: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.remove(id))
		}
	}()
	path := filepath.Join(folder, FileName)
	if size, digest, err = write(path+".part", next); err != nil {
		return 0, "", err
	}
	if err := os.Rename(path+".part", path); err != nil {
		return 0, "", fmt.Errorf("imports: %w", err)
	}
	// The file's name is durable with its folder, and the folder's with the inbox.
	return size, digest, errors.Join(syncDir(folder), syncDir(b.dir))
}

func write(path string, next pieces) (size int64, digest string, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // of an id of our own
	if err != nil {
		return 0, "", fmt.Errorf("imports: %w", err)
	}
	defer func() {
		if e := f.Close(); e != nil && err == nil {
			err = fmt.Errorf("imports: %w", e)
		}
	}()
	hash := sha256.New()
	for {
		piece, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, "", err
		}
		if size += int64(len(piece)); size > MaxBytes {
			return 0, "", ErrTooLarge
		}
		hash.Write(piece)
		if _, err := f.Write(piece); err != nil {
			return 0, "", fmt.Errorf("imports: %w", err)
		}
	}
	if err := f.Sync(); err != nil {
		return 0, "", fmt.Errorf("imports: %w", err)
	}
	return size, hex.EncodeToString(hash.Sum(nil)), nil
}

func syncDir(path string) error {
	d, err := os.Open(path) //nolint:gosec // of an id of our own
	if err != nil {
		return fmt.Errorf("imports: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func (b inbox) remove(id string) error {
	if err := os.RemoveAll(b.folder(id)); err != nil {
		return fmt.Errorf("imports: %w", err)
	}
	return nil
}

// sweep removes the folders of imports that keep does not name: uploads that
// were never answered, and imports that ended before their folder was removed.
func (b inbox) sweep(keep map[string]bool) error {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return fmt.Errorf("imports: %w", err)
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			if err := b.remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}
