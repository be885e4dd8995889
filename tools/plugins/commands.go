package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// mend is the command that brings what is checked in up to its sources.
const mend = "run `make plugins` and commit what it changes"

// build rebuilds the components, and writes their digests to the lock and to
// their manifests.
func (w *workshop) build(ctx context.Context, plugins []plugin) error {
	if err := w.prepare(ctx, plugins); err != nil {
		return err
	}
	l, err := readLock(w.root)
	if err != nil {
		return err
	}
	for at, p := range plugins {
		w.say("[%d/%d] building %s (%s)", at+1, len(plugins), p.name, p.language)
		wasm, err := w.make(ctx, p)
		if err != nil {
			return err
		}
		if err := writeFile(w.root, p.wasm(), wasm); err != nil {
			return err
		}
		if err := writeManifestDigest(w.root, p, wasm); err != nil {
			return err
		}
		r, err := newRecord(w.root, p, wasm)
		if err != nil {
			return err
		}
		l.put(r)
		w.say("[%d/%d] %s: %d bytes, %.19s…", at+1, len(plugins), p.name, r.Bytes, r.Wasm)
	}
	return l.write(w.root)
}

// check compares what is checked in with its sources: by rebuilding where the
// toolchain can be had, else by digest.
func (w *workshop) check(ctx context.Context, plugins []plugin, o options) error {
	if err := w.compareDigests(plugins); err != nil {
		return err
	}
	if o.digests {
		w.say("components: nothing was rebuilt, %d source digests compared (as asked)", len(plugins))
		return nil
	}
	if err := w.prepare(ctx, plugins); errors.Is(err, toolchain.ErrUnavailable) {
		w.say("%v", err)
		w.say("components: nothing was rebuilt, %d source digests compared (no cargo/zig)", len(plugins))
		return nil
	} else if err != nil {
		return err
	}
	builder := w
	if o.elsewhere {
		copied, err := w.elsewhere()
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(copied.root) }()
		builder = copied
	}
	for at, p := range plugins {
		w.say("[%d/%d] rebuilding %s (%s)", at+1, len(plugins), p.name, p.language)
		built, err := builder.make(ctx, p)
		if err != nil {
			return err
		}
		checkedIn, err := readFile(w.root, p.wasm())
		if err != nil {
			return err
		}
		if !bytes.Equal(built, checkedIn) {
			return fmt.Errorf("%s is not what its sources build to (%s, built %s): %s", p.wasm(), digestBytes(checkedIn), digestBytes(built), mend)
		}
	}
	w.say("components: %d rebuilt, each is byte for byte what is checked in", len(plugins))
	return nil
}

// compareDigests compares each component, its manifest and its sources with the
// lock.
func (w *workshop) compareDigests(plugins []plugin) error {
	l, err := readLock(w.root)
	if err != nil {
		return err
	}
	for _, p := range plugins {
		wasm, err := readFile(w.root, p.wasm())
		if err != nil {
			return fmt.Errorf("%w: %s", err, mend)
		}
		now, err := newRecord(w.root, p, wasm)
		if err != nil {
			return err
		}
		locked, ok := l.find(p.wasm())
		if !ok {
			return fmt.Errorf("%s does not name %s: %s", lockFile, p.wasm(), mend)
		}
		if locked.Wasm != now.Wasm {
			return fmt.Errorf("%s is not the file that %s names: %s", p.wasm(), lockFile, mend)
		}
		if named, err := manifestNames(w.root, p, wasm); err != nil || !named {
			return errors.Join(fmt.Errorf("%s does not name the digest of %s: %s", p.manifest(), p.wasm(), mend), err)
		}
		if locked.Sources != now.Sources {
			return fmt.Errorf("the sources of %s changed since it was built: %s", p.wasm(), mend)
		}
		if fmt.Sprint(locked.Toolchain) != fmt.Sprint(now.Toolchain) {
			return fmt.Errorf("%s was built with %v, and %v is pinned: %s", p.wasm(), locked.Toolchain, now.Toolchain, mend)
		}
	}
	return nil
}

// elsewhere copies the components' sources to a temporary folder of its own,
// with links to the installed tools.
func (w *workshop) elsewhere() (*workshop, error) {
	dir, err := os.MkdirTemp("", "hygia-elsewhere-")
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(w.path(".tools"), filepath.Join(dir, ".tools")); err != nil {
		return nil, err
	}
	// The workspace names every member, so all of them must be there.
	all, err := discover(w.root, nil)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		files, err := sources(w.root, p)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			data, err := readFile(w.root, file)
			if err != nil {
				return nil, err
			}
			if err := writeFile(dir, file, data); err != nil {
				return nil, err
			}
		}
		if err := os.CopyFS(filepath.Join(dir, p.wit, "deps"), os.DirFS(w.path(p.wit, "deps"))); err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	w.say("rebuilding in a copy, %s", dir)
	return &workshop{root: dir, out: w.out, tools: w.tools}, nil
}
