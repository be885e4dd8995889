// Package entry is the domain of the content service: what an entry is, which
// steps its workflow has, and what a medical sign-off binds.
//
// Nothing here reads a clock, a database or a network. Each step takes an entry
// and returns it as it is after the step, or says in a fault why the step is
// refused. Nothing is published without a signature over the hash of exactly
// what is published (design, invariant 6); the store refuses it a second time.
package entry
