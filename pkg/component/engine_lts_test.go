//go:build wasmtime_lts

package component_test

import (
	"path/filepath"
	"testing"
)

// engineFlag tells abi.h which engine it is for.
const engineFlag = "-DHYGIA_LTS"

// permissions are not in these headers: a folder is mutable or not.
const permissions = "#define HYGIA_WASI_PERMS_READ 1\n#define HYGIA_WASI_PERMS_WRITE 2\n"

// headers returns the include folder of the crate that `make engine` built.
func headers(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../.tools/engine/include")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// pinnedEngine returns the version of the crate that engine/Cargo.toml pins.
func pinnedEngine(t *testing.T) string {
	t.Helper()
	return pinned(t, "engine/Cargo.toml", `(?s)wasmtime-c-api-impl\].*?version = "=(\S+)"`)
}
