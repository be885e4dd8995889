// Package telemetry is how a service tells what it does: log lines, metrics and
// traces that say which method ran, for whom, with what outcome and how long it
// took, and nothing of what was said.
//
// What may leave is listed, everything else is withheld: a log attribute or a
// span attribute whose key is not in the table of allow.go, or whose value does
// not have the shape that the table gives it, becomes "[withheld]". The table
// names no key that could hold a patient's data, and the shapes refuse what
// looks like a Brazilian document number in the keys that hold words.
//
// Messages of log lines are constants by convention.
package telemetry
