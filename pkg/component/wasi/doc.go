// Package wasi serves WASI 0.2 to components without giving them anything: see
// the README for what each function answers.
//
// It is for components whose language has a standard library that imports WASI
// whether the program needs it or not. A component that is granted folders gets
// wasmtime's own WASI instead: see component.WASI.
package wasi
