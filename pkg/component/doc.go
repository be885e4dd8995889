// Package component runs WebAssembly components from Go, on wasmtime, through
// its component C API.
package component
