package supervisor

import (
	"context"
	"errors"

	"golang.org/x/mod/semver"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
)

// What an operator is refused, beside the errors of the store, of package trust
// and of loading.
var (
	// ErrNotFound: there is no plugin of this name.
	ErrNotFound = errors.New("supervisor: there is no plugin of this name")
	// ErrEmbedded: the component ships with the service and was not installed.
	ErrEmbedded = errors.New("supervisor: the component ships with the service")
	// ErrNoStore: this service installs nothing.
	ErrNoStore = errors.New("supervisor: plugins cannot be installed here")
)

// Install verifies a package, loads it, keeps it and makes it live; with percent
// above 0 it is put on trial with that share of calls. What is refused changes
// nothing. The same package again changes nothing and succeeds.
func (s *Supervisor) Install(ctx context.Context, pkg *artifact.Package, percent int) (Plugin, error) {
	if s.o.Store == nil {
		return Plugin{}, ErrNoStore
	}
	select { // one at a time: two of a new name must not make two entries
	case s.installs <- struct{}{}:
		defer func() { <-s.installs }()
	case <-ctx.Done():
		return Plugin{}, context.Cause(ctx)
	}
	e := s.findOrMake(pkg.Manifest()) //nolint:contextcheck // what its trial leaves to do outlives this call
	if err := e.lock(ctx); err != nil {
		return Plugin{}, err
	}
	defer e.unlock()
	if done, err := s.repeated(ctx, e, pkg, percent); done || err != nil {
		return s.plugin(e), err
	}
	if err := s.o.Verify(pkg); err != nil {
		return Plugin{}, err
	}
	r, err := s.o.Load(ctx, pkg.Files())
	if err != nil {
		return Plugin{}, err
	}
	if err := s.install(ctx, e, pkg, r, percent); err != nil {
		r.Close()
		return Plugin{}, err
	}
	return s.plugin(e), nil
}

// install is durable first, live then: killed in between, the next process makes
// it live.
func (s *Supervisor) install(ctx context.Context, e *entry, pkg *artifact.Package, r Release, percent int) error {
	if percent > 0 {
		switch status := e.slot.Status(); {
		case status.Canary != nil:
			return ErrCanary
		case !e.slot.live():
			return ErrNoRelease
		}
		if _, err := s.o.Store.Stage(ctx, pkg); err != nil {
			return err
		}
		return e.slot.Try(r, percent)
	}
	if _, err := s.o.Store.Install(ctx, pkg); err != nil {
		return err
	}
	s.use(e)
	e.slot.Swap(r)
	return nil
}

// repeated tells whether a package is installed as asked already, and ends a
// trial of it where it is to be live.
func (s *Supervisor) repeated(ctx context.Context, e *entry, pkg *artifact.Package, percent int) (bool, error) {
	status := e.slot.Status()
	installed, candidate, _ := s.stored(e)
	switch digest := pkg.Digest(); {
	case candidate != nil && candidate.Digest == digest && status.Canary != nil:
		if percent == 0 {
			return true, s.promote(ctx, e)
		}
		return true, nil
	case installed != nil && installed.Digest == digest && e.slot.live() && status.Current.Version == installed.Version:
		return true, nil
	}
	return false, nil
}

// Promote gives the canary of this version all calls. Where that version is live
// already, it changes nothing.
func (s *Supervisor) Promote(ctx context.Context, name, version string) (Plugin, error) {
	return s.change(ctx, name, func(e *entry) error {
		status := e.slot.Status()
		switch {
		case status.Canary != nil && status.Canary.Version == version:
			return s.promote(ctx, e)
		case status.Current.Version != version || !e.slot.live():
			return ErrNoCanary
		}
		// An earlier try may have ended between the two steps.
		if _, candidate, _ := s.stored(e); candidate != nil && candidate.Version == version && status.Canary == nil {
			_, err := s.o.Store.Promote(ctx, name)
			return err
		}
		return nil
	})
}

// promote takes the slot first: from then on the trial cannot fail any more.
func (s *Supervisor) promote(ctx context.Context, e *entry) error {
	if _, err := e.slot.Promote(); err != nil {
		return err
	}
	_, err := s.o.Store.Promote(ctx, e.slot.Name())
	return err
}

// Rollback leaves a version: the trial of it ends, or the release before it is
// live again, which may be the embedded one. Where that version is not in use, it
// changes nothing.
func (s *Supervisor) Rollback(ctx context.Context, name, version string) (Plugin, error) {
	return s.change(ctx, name, func(e *entry) error {
		status := e.slot.Status()
		installed, candidate, _ := s.stored(e)
		switch {
		case candidate != nil && candidate.Version == version:
			_ = e.slot.Retreat() // it may have failed by itself
			_, err := s.o.Store.Discard(ctx, name)
			return err
		case status.Current.Version != version:
			return nil
		case installed != nil && installed.Version == version:
			return s.back(ctx, e)
		case installed == nil && e.version == version:
			return store.ErrNoPrevious
		}
		return s.reload(ctx, e) // an earlier try went back, and could not load what was before
	})
}

// back makes the release before the live one live.
func (s *Supervisor) back(ctx context.Context, e *entry) error {
	_, err := s.o.Store.Rollback(ctx, e.slot.Name())
	if errors.Is(err, store.ErrNoPrevious) && e.embedded != nil {
		_, err = s.o.Store.Remove(ctx, e.slot.Name())
	}
	if err != nil {
		return err
	}
	return s.reload(ctx, e)
}

// reload makes live what the store says. Until it is loaded, what was live stays.
func (s *Supervisor) reload(ctx context.Context, e *entry) error {
	files, err := s.current(e)
	if err != nil {
		return err
	}
	r, err := s.o.Load(ctx, files)
	if err != nil {
		return err
	}
	e.slot.Swap(r)
	return nil
}

// Remove takes an installed plugin out; an embedded component of its name is live
// again.
func (s *Supervisor) Remove(ctx context.Context, name string) error {
	_, err := s.change(ctx, name, func(e *entry) error {
		switch _, err := s.o.Store.Remove(ctx, name); {
		case errors.Is(err, store.ErrNotInstalled) && e.embedded == nil:
			return ErrNotFound // it was removed a moment ago
		case errors.Is(err, store.ErrNotInstalled):
			return ErrEmbedded
		case err != nil:
			return err
		case e.embedded != nil:
			return s.reload(ctx, e)
		}
		s.mu.Lock()
		delete(s.plugins, name)
		s.mu.Unlock()
		e.slot.Clear()
		return nil
	})
	return err
}

// change lets one change of a plugin happen at a time.
func (s *Supervisor) change(ctx context.Context, name string, do func(*entry) error) (Plugin, error) {
	e, ok := s.find(name)
	switch {
	case !ok:
		return Plugin{}, ErrNotFound
	case s.o.Store == nil:
		return Plugin{}, ErrNoStore
	}
	if err := e.lock(ctx); err != nil {
		return Plugin{}, err
	}
	defer e.unlock()
	if err := do(e); err != nil {
		return Plugin{}, err
	}
	return s.plugin(e), nil
}

// Plugin is a plugin as operators see it.
type Plugin struct {
	Status
	// Embedded says that a component of this name ships with the service.
	Embedded bool
	// Installed is the store's entry of the live release, nil for an embedded one;
	// Candidate that of the release on trial; Previous what a rollback brings back,
	// where that is an installed release.
	Installed, Candidate, Previous *store.Entry
	// Newer is the version of the embedded component where that is higher than the
	// installed one's, which is live all the same: who installs a release has said
	// which one it is to be. "" otherwise.
	Newer string
}

// List tells how every plugin fares, in the order of their names.
func (s *Supervisor) List() []Plugin {
	entries := s.entries()
	plugins := make([]Plugin, len(entries))
	for i, e := range entries {
		plugins[i] = s.plugin(e)
	}
	return plugins
}

func (s *Supervisor) plugin(e *entry) Plugin {
	p := Plugin{Status: e.slot.Status(), Embedded: e.embedded != nil}
	p.Installed, p.Candidate, p.Previous = s.stored(e)
	if p.Installed != nil && semver.Compare("v"+e.version, "v"+p.Installed.Version) > 0 {
		p.Newer = e.version
	}
	return p
}

// stored tells what the store has of a plugin. Where that cannot be read, it has
// nothing to show.
func (s *Supervisor) stored(e *entry) (installed, candidate, previous *store.Entry) {
	if s.o.Store == nil {
		return nil, nil, nil
	}
	all, err := s.o.Store.List()
	if err != nil {
		return nil, nil, nil
	}
	for _, p := range all {
		if p.Name != e.slot.Name() {
			continue
		}
		if len(p.Previous) > 0 {
			previous = &p.Previous[0]
		}
		return p.Current, p.Candidate, previous
	}
	return nil, nil, nil
}
