package supervisor_test

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
)

// machine drives a slot beside a model of it: what is loaded is what is live, on
// trial or in somebody's hands, and calls reach nothing else.
type machine struct {
	slot            *supervisor.Slot
	releases        []*release
	current, canary *release
	pins            []pinned
}

type pinned struct {
	pin *supervisor.Pin
	on  *release
}

func (m *machine) next() *release {
	r := newRelease(fmt.Sprintf("1.%d.0", len(m.releases)))
	m.releases = append(m.releases, r)
	return r
}

func (m *machine) Swap(*rapid.T) {
	m.current, m.canary = m.next(), nil
	m.slot.Swap(m.current)
}

func (m *machine) Try(t *rapid.T) {
	r := newRelease(fmt.Sprintf("2.%d.0", len(m.releases)))
	err := m.slot.Try(r, rapid.IntRange(1, 99).Draw(t, "percent"))
	switch {
	case m.current == nil && errors.Is(err, supervisor.ErrNoRelease), m.canary != nil && errors.Is(err, supervisor.ErrCanary):
	case err == nil && m.current != nil && m.canary == nil:
		m.canary = r
		m.releases = append(m.releases, r)
	default:
		t.Fatalf("Try: %v", err)
	}
}

func (m *machine) Promote(t *rapid.T) {
	if _, err := m.slot.Promote(); (err == nil) != (m.canary != nil) {
		t.Fatalf("Promote: %v", err)
	}
	if m.canary != nil {
		m.current, m.canary = m.canary, nil
	}
}

func (m *machine) Retreat(t *rapid.T) {
	if err := m.slot.Retreat(); (err == nil) != (m.canary != nil) {
		t.Fatalf("Retreat: %v", err)
	}
	m.canary = nil
}

func (m *machine) Clear(*rapid.T) {
	m.slot.Clear()
	m.current, m.canary = nil, nil
}

func (m *machine) Call(t *rapid.T) {
	before := m.answered()
	err := call(m.slot)
	if (err == nil) != (m.current != nil) {
		t.Fatalf("Call: %v", err)
	}
	if err == nil && m.answered() != before+1 {
		t.Fatal("another release answered")
	}
}

// answered counts the calls that what may be called answered.
func (m *machine) answered() (n int64) {
	for _, r := range []*release{m.current, m.canary} {
		if r != nil {
			n += r.answered.Load()
		}
	}
	return n
}

func (m *machine) Pin(t *rapid.T) {
	pin := m.slot.Pin()
	if m.current == nil {
		if err := call(pin); !errors.Is(err, supervisor.ErrStarting) && !errors.Is(err, supervisor.ErrStopped) {
			t.Fatalf("a pin of nothing: %v", err)
		}
		pin.Release()
		return
	}
	on := m.current
	if m.canary != nil && pin.Manifest().Version == m.canary.manifest.Version {
		on = m.canary
	}
	m.pins = append(m.pins, pinned{pin, on})
}

func (m *machine) Unpin(t *rapid.T) {
	if len(m.pins) == 0 {
		t.Skip("nothing is pinned")
	}
	i := rapid.IntRange(0, len(m.pins)-1).Draw(t, "pin")
	if err := call(m.pins[i].pin); err != nil {
		t.Fatalf("a pinned call: %v", err)
	}
	m.pins[i].pin.Release()
	m.pins = append(m.pins[:i:i], m.pins[i+1:]...)
}

func (m *machine) Check(t *rapid.T) {
	held := map[*release]bool{m.current: true, m.canary: true}
	for _, p := range m.pins {
		held[p.on] = true
	}
	for i, r := range m.releases {
		if r.closed.Load() == held[r] {
			t.Fatalf("release %d: closed %v, in use %v", i, r.closed.Load(), held[r])
		}
		if what := r.wrong.Load(); what != nil {
			t.Fatalf("release %d: %s", i, *what)
		}
	}
	s := m.slot.Status()
	if (s.Canary != nil) != (m.canary != nil) || (s.State == supervisor.Live || s.State == supervisor.Trial) != (m.current != nil) {
		t.Fatalf("status %+v", s)
	}
}

func TestASlotIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slot, _ := newSlot(supervisor.Settings{})
		m := &machine{slot: slot}
		t.Repeat(rapid.StateMachineActions(m))
	})
}
