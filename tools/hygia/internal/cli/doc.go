// Package cli is the hygia command: one file for each group of commands. A
// command reads its arguments, calls the suite, and prints for a person or,
// with --json, one JSON object for a program.
package cli
