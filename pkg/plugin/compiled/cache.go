package compiled

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

const (
	suffix    = ".code"
	temporary = "new-*.tmp"
	// defaultBytes is how much a folder holds by default.
	defaultBytes = 1 << 30
)

// Options say where compiled components are kept.
type Options struct {
	// Engine compiles, and runs what is kept.
	Engine *component.Engine
	// Dir is the folder, of this process alone. It is made where it is not there.
	Dir string
	// MaxBytes bounds what the folder holds: 1 GiB where it is 0. What was written
	// first makes place.
	MaxBytes int64
	// Logger gets what was refused and what could not be written.
	Logger *slog.Logger
}

// Stats counts what a cache did.
type Stats struct {
	Hits    uint64 // loaded
	Misses  uint64 // compiled: it was not there
	Refused uint64 // compiled: a file was there, and not authentic
	Unkept  uint64 // compiled, and could not be written
}

// Plus is what both of two caches did.
func (s Stats) Plus(t Stats) Stats {
	return Stats{s.Hits + t.Hits, s.Misses + t.Misses, s.Refused + t.Refused, s.Unkept + t.Unkept}
}

// Cache compiles components, or loads them as compiled before. It is safe for
// concurrent use.
type Cache struct {
	o                             Options
	seal                          sealer
	tail                          string // of the names of this engine's files
	hits, misses, refused, unkept atomic.Uint64
}

// New opens a folder for an engine. What it holds for other engines is removed.
func New(ctx context.Context, o Options) (*Cache, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultBytes
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("compiled: %w", err)
	}
	fingerprint, err := o.Engine.Fingerprint(ctx)
	if err != nil {
		return nil, fmt.Errorf("compiled: %w", err)
	}
	c := &Cache{o: o, tail: "-" + fingerprint[:16] + suffix}
	if n, err := hex.Decode(c.seal.engine[:], []byte(fingerprint)); err != nil || n != sumBytes {
		return nil, fmt.Errorf("compiled: the engine's fingerprint %.80q is not a digest", fingerprint)
	}
	if c.seal.key, err = readKey(o.Dir); err != nil {
		return nil, err
	}
	return c, c.trim(func(name string) bool { return !strings.HasSuffix(name, c.tail) })
}

// Stats returns the counts since New.
func (c *Cache) Stats() Stats {
	return Stats{c.hits.Load(), c.misses.Load(), c.refused.Load(), c.unkept.Load()}
}

// Compile does what the engine's Compile does, or loads what that made before. It
// fails only where compiling fails.
func (c *Cache) Compile(ctx context.Context, wasm []byte) (*component.Component, error) {
	return c.get(ctx, subject{fast, sha256.Sum256(wasm)}, wasm, c.o.Engine.Compile)
}

// CompilePlain does so for the engine's CompilePlain.
func (c *Cache) CompilePlain(ctx context.Context, wasm []byte) (*component.Component, error) {
	return c.get(ctx, subject{plain, sha256.Sum256(wasm)}, wasm, c.o.Engine.CompilePlain)
}

func (c *Cache) get(ctx context.Context, of subject, wasm []byte,
	compile func(context.Context, []byte) (*component.Component, error)) (*component.Component, error) {
	loaded, err := c.load(ctx, of)
	switch {
	case err == nil:
		c.hits.Add(1)
		return loaded, nil
	case ctx.Err() != nil || errors.Is(err, component.ErrClosed):
		return nil, err
	case errors.Is(err, fs.ErrNotExist):
		c.misses.Add(1)
	default:
		c.refused.Add(1)
		c.o.Logger.WarnContext(ctx, "a compiled component was refused and is compiled anew", "digest", of.digest(), telemetry.Err(err))
	}
	compiled, err := compile(ctx, wasm)
	if err != nil {
		return nil, err
	}
	if err := c.keep(of, compiled); err != nil {
		c.unkept.Add(1)
		c.o.Logger.WarnContext(ctx, "a compiled component could not be kept", "digest", of.digest(), telemetry.Err(err))
	}
	return compiled, nil
}

func (s subject) digest() string { return "sha256:" + hex.EncodeToString(s.sum[:]) }

func (c *Cache) path(of subject) string {
	return filepath.Join(c.o.Dir, hex.EncodeToString(of.sum[:])+"-"+string(of.way)+c.tail)
}

func (c *Cache) load(ctx context.Context, of subject) (*component.Component, error) {
	file, err := readBounded(c.path(of), c.o.MaxBytes)
	if err != nil {
		return nil, err
	}
	code, err := c.seal.open(of, file)
	if err != nil {
		return nil, err
	}
	return c.o.Engine.Deserialize(ctx, code)
}

func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // in the host's own folder
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, errRefused
	}
	file := make([]byte, info.Size())
	_, err = io.ReadFull(f, file)
	return file, err
}

// keep writes a compiled component, and makes place for it.
func (c *Cache) keep(of subject, compiled *component.Component) error {
	code, err := compiled.Serialize()
	if err != nil {
		return err
	}
	if int64(codeAt+len(code)) > c.o.MaxBytes {
		return fmt.Errorf("compiled: %d bytes are more than the folder may hold", len(code))
	}
	if err := writeWhole(c.path(of), c.seal.seal(of, code), code); err != nil {
		return err
	}
	return c.trim(func(string) bool { return false })
}

// trim removes the files that are useless, and the oldest until the rest fits.
func (c *Cache) trim(useless func(name string) bool) error {
	entries, err := os.ReadDir(c.o.Dir)
	if err != nil {
		return fmt.Errorf("compiled: %w", err)
	}
	var kept []fs.FileInfo
	var all int64
	for _, e := range entries {
		if e.Name() == keyFile {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it is gone
		}
		if useless(e.Name()) {
			_ = os.Remove(filepath.Join(c.o.Dir, e.Name()))
			continue
		}
		kept = append(kept, info)
		all += info.Size()
	}
	slices.SortFunc(kept, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range kept {
		if all <= c.o.MaxBytes {
			break
		}
		all -= info.Size()
		_ = os.Remove(filepath.Join(c.o.Dir, info.Name()))
	}
	return nil
}
