package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
)

// How long New waits for the first try of each plugin, and Close for calls to
// return.
const (
	startTime = 10 * time.Second
	drainTime = 10 * time.Second
)

// Options are a Supervisor's dependencies.
type Options struct {
	Settings Settings
	// Embedded are the components that ship with the service, each a folder with a
	// manifest. One that cannot be read is a defect, which New returns.
	Embedded []fs.FS
	// Store keeps what operators install. Its release of a name goes before the
	// embedded one. nil: nothing can be installed.
	Store *store.Store
	// Verify says whether a package may be installed, before anything of it is
	// loaded. The store verifies again.
	Verify func(*artifact.Package) error
	// Load loads a release. It is called concurrently, for different plugins.
	Load func(ctx context.Context, files fs.FS) (Release, error)
	// CanaryPercent is the share with which a trial goes on that a restart
	// interrupted.
	CanaryPercent int
}

// Supervisor keeps a service's plugins live. It is safe for concurrent use. Close
// it when done.
type Supervisor struct {
	o        Options
	settings Settings

	tree       *suture.Supervisor
	cancel     context.CancelFunc
	ended      <-chan error
	background sync.WaitGroup
	installs   chan struct{} // holds one value while something is installed

	mu      sync.Mutex
	plugins map[string]*entry
}

// entry is a plugin under its name. Who holds its turn changes it.
type entry struct {
	slot     *Slot
	embedded fs.FS  // nil for none
	version  string // of the embedded component
	turn     chan struct{}
}

// lock takes the entry's turn.
func (e *entry) lock(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *entry) unlock() { <-e.turn }

// New reads what there is and loads it. It returns when every plugin was tried
// once, or after ten seconds; what could not be loaded is tried again, and stops
// no other. It ends with Close, not with ctx.
func New(ctx context.Context, o Options) (*Supervisor, error) {
	s := &Supervisor{o: o, settings: o.Settings.complete(), plugins: map[string]*entry{}, installs: make(chan struct{}, 1)}
	if err := s.read(); err != nil { //nolint:contextcheck // it reads a folder
		return nil, err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.tree = suture.New("plugins", suture.Spec{EventHook: func(suture.Event) {}, DontPropagateTermination: true})
	keepers := make([]*keeper, 0, len(s.plugins))
	for _, e := range s.plugins {
		k := &keeper{supervisor: s, entry: e, tried: make(chan struct{})}
		keepers = append(keepers, k)
		s.tree.Add(k)
	}
	s.ended = s.tree.ServeBackground(running)
	patience, done := context.WithTimeout(ctx, startTime)
	defer done()
	for _, k := range keepers {
		select {
		case <-k.tried:
		case <-patience.Done():
		}
	}
	return s, nil
}

// read finds the plugins that there are, without loading any.
func (s *Supervisor) read() error {
	for _, files := range s.o.Embedded {
		m, err := plugin.ReadManifest(files)
		if err != nil {
			return fmt.Errorf("supervisor: an embedded component: %w", err)
		}
		if s.plugins[m.Name] != nil {
			return fmt.Errorf("supervisor: two embedded components are called %q", m.Name)
		}
		s.plugins[m.Name] = s.entry(m.Name, m, files)
		s.plugins[m.Name].version = m.Version
	}
	if s.o.Store == nil {
		return nil
	}
	installed, err := s.o.Store.List()
	if err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	for _, p := range installed {
		// Of what cannot be read, nothing is known: it counts as a plugin of every
		// hook whose failures fail requests.
		var expected plugin.Manifest
		if pkg, _, err := s.o.Store.Current(p.Name); err == nil {
			expected = pkg.Manifest()
		}
		if e := s.plugins[p.Name]; e != nil {
			e.slot.expected = expected
			continue
		}
		s.plugins[p.Name] = s.entry(p.Name, expected, nil)
	}
	return nil
}

func (s *Supervisor) entry(name string, expected plugin.Manifest, embedded fs.FS) *entry {
	e := &entry{embedded: embedded, turn: make(chan struct{}, 1)}
	settings := s.settings
	settings.Notify = func(event Event) {
		s.settings.Notify(event) // first, so that what is forgotten is known
		if event.Kind == EventRetreated && event.Cause != "" {
			s.background.Go(func() { s.forget(e) })
		}
	}
	e.slot = NewSlot(name, expected, settings)
	return e
}

// forget drops the candidate of a trial that failed: a restart does not try it
// again. Should that fail, a restart does, and it fails again.
func (s *Supervisor) forget(e *entry) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if e.lock(ctx) != nil {
		return
	}
	defer e.unlock()
	if e.slot.Status().Canary == nil {
		_, _ = s.o.Store.Discard(ctx, e.slot.Name())
	}
}

// findOrMake returns the entry of a name; a new one is not among the plugins yet.
func (s *Supervisor) findOrMake(m plugin.Manifest) *entry {
	if e, ok := s.find(m.Name); ok {
		return e
	}
	return s.entry(m.Name, m, nil)
}

// use puts an entry among the plugins.
func (s *Supervisor) use(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plugins[e.slot.Name()] = e
}

// Slot returns the slot of a name.
func (s *Supervisor) Slot(name string) (*Slot, bool) {
	e, ok := s.find(name)
	if !ok {
		return nil, false
	}
	return e.slot, true
}

func (s *Supervisor) find(name string) (*entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.plugins[name]
	return e, ok
}

// Slots returns the plugins of a hook, such as "hygia:validation/validator@0.1.0",
// in the order of their names: those that are not live among them, so that what
// ought to be asked is never left out in silence.
func (s *Supervisor) Slots(hook string) []*Slot {
	var slots []*Slot
	for _, e := range s.entries() {
		m := e.slot.Manifest()
		if m.Name == "" || slices.Contains(m.Exports, hook) {
			slots = append(slots, e.slot)
		}
	}
	return slots
}

func (s *Supervisor) entries() []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries := make([]*entry, 0, len(s.plugins))
	for _, name := range slices.Sorted(maps.Keys(s.plugins)) {
		entries = append(entries, s.plugins[name])
	}
	return entries
}

// Close ends the supervision, lets calls return for at most ten seconds, and
// frees what nobody uses any more. Nothing may be called afterwards.
func (s *Supervisor) Close() error {
	s.cancel()
	err := <-s.ended
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	s.background.Wait()
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	for _, e := range s.entries() {
		select {
		case <-e.slot.Clear():
		case <-timer.C:
			return errors.Join(err, fmt.Errorf("supervisor: calls of %s did not return", e.slot.Name()))
		}
	}
	return err
}
