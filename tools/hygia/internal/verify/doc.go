// Package verify is an outside reader of the audit log. It believes nothing that
// the suite says but a key: it checks the checkpoint's signature, hashes every
// leaf itself, and proves each event, and the log's growth since it last looked,
// with the RFC 6962 arithmetic of golang.org/x/mod/sumdb. It shares no code with
// the writer; dependencies_test.go holds it to that.
//
// What it cannot see: events of other tenants (their leaves are hashes to it),
// and an event that the suite never logged. What the suite cannot do unseen:
// change, drop or reorder an event once a checkpoint covered it, or stop listing
// one that this reader saw before.
package verify
