// Package e2e starts the real binaries and uses them as a person would: over
// REST and the command line. It holds no code but tests.
package e2e
