//go:build wasmtime_lts

package component

// The engine is the library that `make engine` builds from the crates that
// engine/Cargo.toml pins. Where it lies is the builder's to say: CGO_LDFLAGS.

// #cgo CFLAGS: -DHYGIA_LTS -DHYGIA_WASI=0.2.12
// #cgo LDFLAGS: -lwasmtime -lm -ldl -lpthread
// const char *hygia_engine_version(void);
import "C"

// EngineName names the engine that is linked: the library itself says which.
func EngineName() string { return "wasmtime " + C.GoString(C.hygia_engine_version()) }
