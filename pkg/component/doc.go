// Package component runs WebAssembly components from Go, on wasmtime, through
// its component C API: see the README.
//
// An Engine compiles a Component; linked with a Host it is a Program; a Program
// calls a function in a fresh instance, or makes an Instance that lives. Values
// cross as the descriptors of types.go say.
//
// # Lifetimes
//
// Whoever makes an Engine, Component, Program or Instance closes it. The order
// does not matter, nor whether calls are running: each keeps its own counted
// handles of what it needs, and what is in use is freed when its last call
// returns. Engine.Close stops running calls and waits for them.
//
// Of Go's memory C keeps one pinned word for each frame (a call in progress), which
// refers to the frame, pinned too; of each program's output it holds the number of a
// cgo.Handle. Bytes that Go
// passes to C stay Go's and are read only until that crossing returns; bytes
// that C passes to Go stay C's and change with the frame's next crossing, so
// Decoder copies all that it returns.
//
// All state that calls and closers share is guarded by Engine.mu, and what the
// watcher must know of a call by its frame's; everything else of a frame belongs to
// the goroutine of its call.
package component
