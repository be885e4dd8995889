package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/hygia-suite/hygia/pkg/plugin/store"
)

var errFault = errors.New("the disk failed")

// memory is a disk in memory that can fail at a step and lose what is not durable.
type memory struct {
	names   map[string][]byte // as a process sees them
	durable map[string][]byte // as they are after a crash, at worst
	step    int
	failAt  int  // the step that fails; 0 for none
	persist bool // whether the step that fails is done all the same
	crash   bool // whether all steps after it fail too
	locked  bool
}

var _ store.Disk = (*memory)(nil)

func newMemory() *memory {
	return &memory{names: map[string][]byte{}, durable: map[string][]byte{}}
}

// do runs a step, or fails it.
func (m *memory) do(step func()) error {
	m.step++
	switch {
	case m.failAt == 0 || m.step < m.failAt || m.step > m.failAt && !m.crash:
		step()
		return nil
	case m.step == m.failAt && m.persist:
		step()
	}
	return errFault
}

func (m *memory) Read(name string, most int64) ([]byte, error) {
	data, ok := m.names[name]
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return bytes.Clone(data[:min(int64(len(data)), most)]), nil
}

// Write leaves half of a file where it fails.
func (m *memory) Write(name string, data []byte) error {
	err := m.do(func() { m.names[name] = bytes.Clone(data) })
	if err != nil && m.step == m.failAt && !m.persist {
		m.names[name] = bytes.Clone(data[:len(data)/2])
	}
	return err
}

func (m *memory) Rename(from, to string) error {
	return m.do(func() {
		m.names[to] = m.names[from]
		delete(m.names, from)
	})
}

func (m *memory) Sync() error {
	return m.do(func() { m.durable = maps.Clone(m.names) })
}

func (m *memory) Remove(name string) error {
	return m.do(func() { delete(m.names, name) })
}

func (m *memory) List() ([]string, error) { return slices.Sorted(maps.Keys(m.names)), nil }

func (m *memory) Lock() (func(), error) {
	if m.locked {
		return nil, store.ErrLocked
	}
	m.locked = true
	return func() { m.locked = false }, nil
}

// reboot is the disk after a crash: at worst, or with all that was ever done.
func (m *memory) reboot(lost bool) *memory {
	names := maps.Clone(m.names)
	if lost {
		names = maps.Clone(m.durable)
	}
	return &memory{names: names, durable: maps.Clone(names)}
}
