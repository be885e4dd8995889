// Package supervisor keeps plugins live under their names.
//
// A [Slot] is what a service holds instead of a plugin: it answers calls with the
// release that is live, swaps releases with no failed call, tries a new one on a
// share of the calls, and takes out one that keeps failing. A [Supervisor] fills
// slots with the components that ship with a service and those that an operator
// installed, and loads again what could not be loaded.
//
// A call belongs to the release that it began on: a release that was replaced is
// closed when its last call has returned, never before. No lock is held while a
// release is called.
package supervisor
