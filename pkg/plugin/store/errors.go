package store

import (
	"errors"
	"fmt"
)

// Why something cannot be done. Each works with errors.Is; a signature that is
// not accepted is a *trust.Error.
var (
	// ErrDowngrade: a higher version was installed before. It is in a *DowngradeError.
	ErrDowngrade = errors.New("store: a higher version was installed before")
	// ErrVersionReused: the version was installed before, with other bytes.
	ErrVersionReused = errors.New("store: this version was installed before with other bytes; give what changed a version of its own")
	// ErrNotInstalled: there is no such plugin.
	ErrNotInstalled = errors.New("store: not installed")
	// ErrNoCandidate: no version of the plugin is being tried.
	ErrNoCandidate = errors.New("store: no candidate")
	// ErrNoPrevious: there is no version to go back to.
	ErrNoPrevious = errors.New("store: no earlier version is kept")
	// ErrLocked: another process is changing the folder.
	ErrLocked = errors.New("store: another process is changing the plugins; try again when it is done")
	// ErrCorrupt: a file of the folder was altered or damaged.
	ErrCorrupt = errors.New("store: a file was altered or damaged; install the plugin again, or restore the folder from a backup")
	// ErrFull: no more plugins fit.
	ErrFull = errors.New("store: as many plugins as there may be are installed; remove one")
)

// DowngradeError says which version is too low, and which was installed before: it
// may be gone since.
type DowngradeError struct {
	Plugin, Version string
	Highest         string
}

func (e *DowngradeError) Error() string {
	return fmt.Sprintf("%v (%s %s after %s)", ErrDowngrade, e.Plugin, e.Version, e.Highest)
}

// Unwrap returns ErrDowngrade.
func (e *DowngradeError) Unwrap() error { return ErrDowngrade }
