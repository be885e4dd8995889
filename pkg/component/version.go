package component

import (
	"runtime/debug"
	"strings"
)

const engineModule = "github.com/bytecodealliance/wasmtime-go/v44"

// EngineName names the engine that is linked, such as "wasmtime 44.0.0": the
// version of the module that its library comes from, as the build recorded it.
// Without that record it is "wasmtime".
func EngineName() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "wasmtime"
	}
	for _, dep := range info.Deps {
		if dep.Path == engineModule {
			return "wasmtime " + strings.TrimPrefix(dep.Version, "v")
		}
	}
	return "wasmtime"
}
