// Package flow tests `hygia plugin` as a new author meets it: an empty folder, and
// five commands, with the real toolchains.
package flow
