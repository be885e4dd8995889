// Package toolchain installs what components are built with: pinned tools, each
// in a folder of its own that carries its version, by the registries' ordinary
// clients. An installation is whole or not there, and two processes that want
// the same one make it once.
package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnavailable says that a tool is neither here nor to be had.
var ErrUnavailable = errors.New("the toolchain cannot be had")

// MissingError says that installing a tool needs a program that is not on the
// PATH. It is an ErrUnavailable.
type MissingError struct {
	Tool    string // with its version, "wasm-tools 1.263.0"
	Program string // what is missing, "cargo"
	Do      string // what to do about it
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%v: %s needs %s: %s", ErrUnavailable, e.Tool, e.Program, e.Do)
}

// Unwrap returns ErrUnavailable.
func (e *MissingError) Unwrap() error { return ErrUnavailable }

// Home is the folder where tools are installed. It is safe for concurrent use,
// also by several processes.
type Home struct {
	// Dir is made where it is missing.
	Dir string
	// Say tells what is being installed, a line at a time.
	Say func(format string, args ...any)
}

// reminder is how often what takes long says that it still runs.
const reminder = 20 * time.Second

// pinned is a tool in a folder of its own.
type pinned struct {
	name, version string
	// program does the installing; do is what helps where it is missing.
	program, do string
	// install fills a folder. Its results must work from wherever that is moved.
	install func(ctx context.Context, h Home, dir string) error
}

func (p pinned) String() string { return p.name + " " + p.version }

// ensure returns the tool's folder, and installs it first where it is not there.
func (h Home) ensure(ctx context.Context, p pinned) (string, error) {
	final := filepath.Join(h.Dir, p.name+"-"+p.version)
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if _, err := exec.LookPath(p.program); err != nil {
		return "", &MissingError{p.String(), p.program, p.do}
	}
	if err := os.MkdirAll(h.Dir, 0o755); err != nil { //nolint:gosec // others may use the tools
		return "", err
	}
	unlock, err := h.lock(ctx, p)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(final); err == nil {
		return final, nil // another process made it while this one waited
	}
	return final, h.fill(ctx, p, final)
}

// fill installs beside the final place and moves it there when it is whole. It
// holds the tool's lock: what lies there half is from a process that was killed.
func (h Home) fill(ctx context.Context, p pinned, final string) error {
	partial := final + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := os.Mkdir(partial, 0o755); err != nil { //nolint:gosec // others may use the tools
		return err
	}
	defer func() { _ = os.RemoveAll(partial) }()
	h.Say("installing %s in %s", p, h.Dir)
	stop := h.Remind("installing " + p.String())
	err := p.install(ctx, h, partial)
	stop()
	if err != nil {
		return fmt.Errorf("%w: installing %s: %w", ErrUnavailable, p, err)
	}
	return os.Rename(partial, final)
}

// Remind says now and then that something is still being done, until stop.
func (h Home) Remind(doing string) (stop func()) {
	done := make(chan struct{})
	finished := make(chan struct{})
	ticker := time.NewTicker(reminder)
	go func() {
		defer close(finished)
		for spent := reminder; ; spent += reminder {
			select {
			case <-ticker.C:
				h.Say("  still %s (%v)", doing, spent)
			case <-done:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		<-finished
	}
}

// lock waits until no other process installs the tool.
func (h Home) lock(ctx context.Context, p pinned) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(h.Dir, "."+p.name+".lock"), os.O_CREATE|os.O_RDWR, 0o644) //nolint:gosec // the folder is the caller's
	if err != nil {
		return nil, err
	}
	for said := false; ; said = true {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, errors.Join(err, file.Close())
		}
		if !said {
			h.Say("waiting for another process that installs %s", p)
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), file.Close())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
