// Package store is the folder of plugins that a host has installed.
//
// Each package lies there whole, with its signatures, as one file under its
// digest. One small file, state.json, says which of them are in use; it is
// replaced as a whole, and that replacement is the one instant at which anything
// changes. Whatever happens before it, a crash or a full disk, leaves what was;
// whatever happens after it leaves what is to be. Files that the state does not
// name are swept away by the next change.
//
// Packages are verified when they are installed and again each time they are
// read: a key that is no longer trusted, or no longer for that plugin, ends the
// plugin with the next start. A key that has merely expired since does not.
//
// Versions only rise. What was installed once keeps an older package out, even
// after it was removed; going back is a rollback, to what was in use before.
package store
