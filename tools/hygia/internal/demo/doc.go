// Package demo does the suite's main job before a person's eyes, on the first run
// of `hygia up`: it makes an organisation with four people, imports a WordPress
// export, validates it, takes one article to its reader, de-identifies clinical
// notes, and proves from the outside that all of it is in the audit log.
//
// It remembers each step, so that a run that was killed goes on where it was, and
// it works through the suite's own APIs alone. What it works on is fictional; see
// material/README.md.
package demo
