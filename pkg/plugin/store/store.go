package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/mod/semver"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// The files of a folder, beside the packages.
const (
	stateFile = "state.json"
	lockFile  = "lock"
	newSuffix = ".new" // of what is being written
	packed    = ".tar"
)

// Options say where plugins are kept, and whose are accepted.
type Options struct {
	// Dir is the folder. It is made where it is not there, for its owner alone.
	Dir string
	// Trust gives whose signatures are accepted. It is asked each time, so that a key
	// may come or go while the host runs. Where it fails, nothing is accepted.
	Trust func() (*trust.Policy, error)
	Clock func() time.Time
	// Keep is how many earlier versions of a plugin are kept to roll back to: 2
	// where it is 0.
	Keep int
}

// Store is the plugins of a folder. It is safe for concurrent use, by more than
// one process too: one changes at a time, and readers see what was before or
// after a change, never between.
type Store struct {
	o    Options
	disk disk
	mu   sync.Mutex // held by changes
}

// Open opens a folder.
func Open(o Options) (*Store, error) {
	f, err := openFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	return openOn(o, f)
}

func openOn(o Options, d disk) (*Store, error) {
	if o.Keep == 0 {
		o.Keep = 2
	}
	s := &Store{o: o, disk: d}
	_, err := s.load()
	return s, err
}

// List returns the installed plugins, by name.
func (s *Store) List() ([]Plugin, error) {
	st, err := s.load()
	if err != nil {
		return nil, err
	}
	var all []Plugin
	for _, r := range st.Plugins {
		if r.Current != nil || r.Candidate != nil {
			all = append(all, Plugin{Name: r.Name, Current: r.Current, Candidate: r.Candidate, Previous: r.Previous})
		}
	}
	return all, nil
}

// History returns the last changes, the newest last: at most a thousand.
func (s *Store) History() ([]Change, error) {
	st, err := s.load()
	if err != nil {
		return nil, err
	}
	return st.History, nil
}

// Current returns the package in use, verified again. It fails with
// ErrNotInstalled, ErrCorrupt or a *trust.Error.
func (s *Store) Current(name string) (*artifact.Package, Entry, error) {
	return s.read(name, func(r *record) (*Entry, error) { return r.Current, ErrNotInstalled })
}

// Candidate returns the package that is being tried, verified again. It fails
// with ErrNoCandidate, ErrCorrupt or a *trust.Error.
func (s *Store) Candidate(name string) (*artifact.Package, Entry, error) {
	return s.read(name, func(r *record) (*Entry, error) { return r.Candidate, ErrNoCandidate })
}

// read reads a package that the state names. A change between the two readings
// may have swept it away: then the state is read again.
func (s *Store) read(name string, which func(*record) (*Entry, error)) (*artifact.Package, Entry, error) {
	for tries := 0; ; tries++ {
		st, err := s.load()
		if err != nil {
			return nil, Entry{}, err
		}
		r := st.find(name)
		if r == nil {
			r = &record{}
		}
		e, missing := which(r)
		if e == nil {
			return nil, Entry{}, fmt.Errorf("%w: %s", missing, name)
		}
		p, err := s.verified(*e)
		if errors.Is(err, fs.ErrNotExist) && tries < 2 {
			continue
		}
		return p, *e, err
	}
}

// verified reads a package. Its signature is held against today's keys, at the
// time when it was installed.
func (s *Store) verified(e Entry) (*artifact.Package, error) {
	data, err := s.disk.Read(nameOf(e.File), artifact.MaxFileBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, e.Name, err)
	}
	if digest.FromBytes(data).String() != e.File {
		return nil, fmt.Errorf("%w: %s", ErrCorrupt, e.Name)
	}
	p, err := artifact.Read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, e.Name, err)
	}
	if p.Statement() != (trust.Statement{Name: e.Name, Version: e.Version, Digest: e.Digest}) {
		return nil, fmt.Errorf("%w: %s", ErrCorrupt, e.Name)
	}
	if _, err := s.verify(p, e.Installed); err != nil {
		return nil, err
	}
	return p, nil
}

func (s *Store) verify(p *artifact.Package, at time.Time) (key string, err error) {
	policy, err := s.o.Trust()
	if err != nil {
		return "", err
	}
	return policy.Verify(p.Statement(), p.Signatures(), at)
}

// Install verifies a package, keeps it, and puts it into use. It ends the trial
// of another version. What is in use already stays so, and nothing is noted, but
// for what was damaged, which is mended. It fails with a *trust.Error, ErrDowngrade, ErrVersionReused, ErrFull or
// ErrLocked, and then changes nothing.
func (s *Store) Install(ctx context.Context, p *artifact.Package) (Entry, error) {
	return s.add(ctx, p, Installed, func(r *record, e Entry) { r.use(e, s.o.Keep) })
}

// Stage verifies a package and keeps it to be tried, beside the one in use. It
// takes the place of another that was tried. It fails as Install does.
func (s *Store) Stage(ctx context.Context, p *artifact.Package) (Entry, error) {
	return s.add(ctx, p, Staged, func(r *record, e Entry) { r.Candidate = &e })
}

func (s *Store) add(ctx context.Context, p *artifact.Package, action Action, put func(*record, Entry)) (Entry, error) {
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return Entry{}, err
	}
	var e Entry
	err := s.change(ctx, func(st *state, now time.Time) error {
		key, err := s.verify(p, now)
		if err != nil {
			return err
		}
		m := p.Manifest()
		e = Entry{
			Name: m.Name, Version: m.Version, Digest: p.Digest(), File: digest.FromBytes(b.Bytes()).String(),
			Key: key, Installed: now,
		}
		if !semver.IsValid("v" + e.Version) {
			return fmt.Errorf("store: %s: the version %q is not a semantic version", e.Name, e.Version)
		}
		r, err := st.ensure(e.Name)
		if err != nil {
			return err
		}
		if there := r.there(action); there != nil && there.File == e.File {
			if _, err := s.verified(*there); err == nil {
				e = *there
				return nil
			}
		}
		if err := r.raise(e); err != nil {
			return err
		}
		put(r, e)
		st.note(now, action, e)
		return s.replace(nameOf(e.File), b.Bytes())
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

// there is what an action would put something in the place of.
func (r *record) there(action Action) *Entry {
	if action == Staged {
		return r.Candidate
	}
	return r.Current
}

// replace writes a file so that it is there whole, or as it was.
func (s *Store) replace(name string, data []byte) error {
	if err := s.disk.Write(name+newSuffix, data); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := s.disk.Rename(name+newSuffix, name); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if err := s.disk.Sync(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Promote puts what is being tried into use.
func (s *Store) Promote(ctx context.Context, name string) (Entry, error) {
	return s.move(ctx, name, Promoted, func(r *record) (*Entry, error) {
		if r.Candidate == nil {
			return nil, ErrNoCandidate
		}
		e := *r.Candidate
		if _, err := s.verified(e); err != nil {
			return nil, err
		}
		r.use(e, s.o.Keep)
		return &e, nil
	})
}

// Discard ends the trial of a version, and leaves the one in use.
func (s *Store) Discard(ctx context.Context, name string) (Entry, error) {
	return s.move(ctx, name, Discarded, func(r *record) (*Entry, error) {
		if r.Candidate == nil {
			return nil, ErrNoCandidate
		}
		e := r.Candidate
		r.Candidate = nil
		return e, nil
	})
}

// Rollback puts the version before into use, and ends the trial of another. What
// was in use may be installed again.
func (s *Store) Rollback(ctx context.Context, name string) (Entry, error) {
	return s.move(ctx, name, RolledBack, func(r *record) (*Entry, error) {
		if r.Current == nil {
			return nil, ErrNotInstalled
		}
		if len(r.Previous) == 0 {
			return nil, ErrNoPrevious
		}
		e := r.Previous[0]
		if _, err := s.verified(e); err != nil {
			return nil, err
		}
		r.Current, r.Candidate, r.Previous = &e, nil, r.Previous[1:]
		return &e, nil
	})
}

// Remove takes a plugin out of use, with all its versions. The highest of them is
// remembered.
func (s *Store) Remove(ctx context.Context, name string) (Entry, error) {
	return s.move(ctx, name, Removed, func(r *record) (*Entry, error) {
		e := r.Current
		if e == nil {
			e = r.Candidate
		}
		r.Current, r.Candidate, r.Previous = nil, nil, nil
		return e, nil
	})
}

// move changes a plugin that is there.
func (s *Store) move(ctx context.Context, name string, action Action, how func(*record) (*Entry, error)) (Entry, error) {
	var e Entry
	err := s.change(ctx, func(st *state, now time.Time) error {
		r := st.find(name)
		if r == nil || r.Current == nil && r.Candidate == nil {
			return fmt.Errorf("%w: %s", ErrNotInstalled, name)
		}
		moved, err := how(r)
		if err != nil {
			return fmt.Errorf("%w: %s", err, name)
		}
		e = *moved
		st.note(now, action, e)
		return nil
	})
	return e, err
}

// change runs one change of the state at a time, and makes it durable.
func (s *Store) change(ctx context.Context, do func(*state, time.Time) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	unlock, err := s.disk.Lock()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer unlock()
	// What is there may be of a change whose end failed: it becomes durable before
	// anything is answered from it.
	if err := s.disk.Sync(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	st, err := s.load()
	if err != nil {
		return err
	}
	before := st.Serial
	if err := do(st, s.o.Clock().UTC()); err != nil {
		return err
	}
	if st.Serial == before {
		s.sweep(st)
		return nil
	}
	text, err := st.text()
	if err != nil {
		return err
	}
	if len(text) > maxStateBytes {
		return ErrFull
	}
	if err := s.replace(stateFile, text); err != nil {
		return err // and sweep nothing: either state may be the one
	}
	s.sweep(st)
	return nil
}

// sweep removes what the state does not name. What cannot be removed now is with
// the next change.
func (s *Store) sweep(st *state) {
	keep := map[string]bool{stateFile: true, lockFile: true}
	for _, r := range st.Plugins {
		for _, e := range r.entries() {
			keep[nameOf(e.File)] = true
		}
	}
	names, err := s.disk.List()
	if err != nil {
		return
	}
	for _, name := range names {
		ours := strings.HasSuffix(name, packed) || strings.HasSuffix(name, newSuffix)
		if ours && !keep[name] {
			_ = s.disk.Remove(name)
		}
	}
}

// nameOf names a package's file by its digest.
func nameOf(file string) string { return strings.TrimPrefix(file, "sha256:") + packed }

func isDigest(s string) bool {
	return digest.Digest(s).Validate() == nil && strings.HasPrefix(s, "sha256:")
}

// compare orders two semantic versions; "" is below all.
func compare(a, b string) int { return semver.Compare("v"+a, "v"+b) }
