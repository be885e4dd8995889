// Package sqlite is the embedded database of a service: one file, one process.
//
// Whatever [DB.Write] acknowledges survives the loss of power: the journal is a
// write-ahead log, and every commit waits for the disk (synchronous=FULL).
// Writers take turns on one connection and begin with the write lock in hand, so
// a transaction never fails half-way for having read before it wrote. Readers
// have connections of their own, see the last commit before they began, and
// cannot write even where their SQL says so.
//
// Schemas only move forward: [Open] runs the migrations that are missing, and
// refuses a file that a newer program has written.
package sqlite
