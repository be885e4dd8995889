//go:build !wasmtime_lts

package component_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// engineFlag tells abi.h which engine it is for.
const engineFlag = "-UHYGIA_LTS"

// permissions defines what abi_types.h does, by wasmtime's own names.
const permissions = "#define HYGIA_WASI_PERMS_READ (WASMTIME_WASI_DIR_PERMS_READ & WASMTIME_WASI_FILE_PERMS_READ)\n" +
	"#define HYGIA_WASI_PERMS_WRITE (WASMTIME_WASI_DIR_PERMS_WRITE & WASMTIME_WASI_FILE_PERMS_WRITE)\n"

// headers returns the include folder of the wasmtime-go that is linked.
func headers(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/bytecodealliance/wasmtime-go/v44").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "build", "include")
}

// pinnedEngine returns the version of the module that go.mod requires.
func pinnedEngine(t *testing.T) string {
	t.Helper()
	return pinned(t, "../go.mod", `github.com/bytecodealliance/wasmtime-go/v\d+ v(\S+)`)
}
