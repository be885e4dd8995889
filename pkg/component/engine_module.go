//go:build !wasmtime_lts

package component

// The engine is wasmtime's static library, which wasmtime-go carries for each
// platform: importing that package links it. Its Go half is not used here, as it
// cannot call components. One line of go.mod names the version; TestABI fails
// when a new one declares anything in abi.h otherwise.

// #cgo CFLAGS: -DHYGIA_WASI=0.2.6
import "C"

import _ "github.com/bytecodealliance/wasmtime-go/v44" // links libwasmtime

// EngineName names the engine that is linked. A test holds it against the module
// that go.mod requires.
func EngineName() string { return "wasmtime 44.0.0" }
