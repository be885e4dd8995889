package workload

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Registry is the Attestor of a supervisor: it recognises the processes that
// the supervisor started, by pid, start time, user and executable. It is safe
// for concurrent use.
//
// The order for a child is Expect, cmd.Start, Started, cmd.Wait, Exited. A child
// that asks before Started is refused, and asks again.
type Registry struct {
	mu       sync.Mutex
	expected map[spiffeid.ID]os.FileInfo
	running  map[int]running
	changed  chan struct{}
}

// running is one process; nothing of it changes while it lives.
type running struct {
	id    spiffeid.ID
	start uint64
	exe   os.FileInfo
}

// NewRegistry returns a registry that recognises nobody.
func NewRegistry() *Registry {
	return &Registry{
		expected: make(map[spiffeid.ID]os.FileInfo),
		running:  make(map[int]running),
		changed:  make(chan struct{}),
	}
}

// Expect says that the processes with this identity run the executable at path,
// as that file is now. For a file that was replaced it must be called again,
// before the new one is started.
func (r *Registry) Expect(path string, id spiffeid.ID) error {
	if id.IsZero() {
		return errors.New("workload: expect: no identity")
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("workload: expect %s: %w", id, err)
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return fmt.Errorf("workload: expect %s: %w", id, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("workload: expect %s: %s is not a file", id, resolved)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expected[id] = info
	return nil
}

// Started gives a process its identity. It refuses a process that does not run
// the executable that is expected of that identity.
func (r *Registry) Started(pid int, id spiffeid.ID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	want, ok := r.expected[id]
	if !ok {
		return fmt.Errorf("workload: process %d: nothing is expected to be %s", pid, id)
	}
	start, err := startTime(pid)
	if err != nil {
		return fmt.Errorf("workload: process %d: %w", pid, err)
	}
	exe, err := executable(pid)
	if err != nil {
		return fmt.Errorf("workload: process %d: %w", pid, err)
	}
	if !os.SameFile(exe, want) {
		return fmt.Errorf("workload: process %d does not run the executable of %s", pid, id)
	}
	r.running[pid] = running{id: id, start: start, exe: want}
	r.notify()
	return nil
}

// Exited takes the process's identity away; whatever still has its connection
// is cut off.
func (r *Registry) Exited(pid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, pid)
	r.notify()
}

// Attest implements Attestor.
func (r *Registry) Attest(p Process) (spiffeid.ID, error) {
	r.mu.Lock()
	known, ok := r.running[p.PID]
	r.mu.Unlock()
	if !ok {
		return spiffeid.ID{}, errors.New("workload: not a process that was started here")
	}
	if p.UID != os.Getuid() {
		return spiffeid.ID{}, errors.New("workload: a process of another user")
	}
	start, err := startTime(p.PID)
	if err != nil {
		return spiffeid.ID{}, err
	}
	exe, err := executable(p.PID)
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("workload: %w", err)
	}
	if start != known.start || !os.SameFile(exe, known.exe) {
		return spiffeid.ID{}, errors.New("workload: another process with the pid of one that was started here")
	}
	return known.id, nil
}

// Changed implements Attestor.
func (r *Registry) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// notify must be called with mu held.
func (r *Registry) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}
