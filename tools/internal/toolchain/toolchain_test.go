package toolchain_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// programs puts shell scripts of these names alone on the PATH, beside a shell's
// own needs, and returns the file to which they may write.
func programs(t *testing.T, scripts map[string]string) (log string) {
	t.Helper()
	bin := t.TempDir()
	log = filepath.Join(bin, "log")
	for name, body := range scripts {
		text := "#!/bin/sh\nPATH=/usr/bin:/bin\nlog=" + log + "\n" + body + "\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	return log
}

// fakeCargo takes its time, and leaves what `cargo install --root DIR` does.
const fakeCargo = `echo "$@" >> $log
while [ "$1" != --root ]; do shift; done
mkdir -p $2/bin && sleep 0.1 && touch $2/bin/wasm-tools`

// quiet is a home that keeps what it says.
func quiet(t *testing.T) (toolchain.Home, func() string) {
	t.Helper()
	var mu sync.Mutex
	var said strings.Builder
	return toolchain.Home{Dir: filepath.Join(t.TempDir(), "home"), Say: func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(&said, format+"\n", args...)
		}}, func() string {
			mu.Lock()
			defer mu.Unlock()
			return said.String()
		}
}

func TestBuildsAtOnceInstallOnce(t *testing.T) {
	log := programs(t, map[string]string{"cargo": fakeCargo})
	home, said := quiet(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			path, err := home.WasmTools(t.Context())
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(calls), "\n"); n != 1 {
		t.Errorf("installed %d times:\n%s", n, calls)
	}
	for _, part := range []string{"wasm-tools@" + toolchain.WasmToolsVersion, "--locked"} {
		if !strings.Contains(string(calls), part) {
			t.Errorf("%q is not pinned by %s", calls, part)
		}
	}
	if !strings.Contains(said(), "installing wasm-tools "+toolchain.WasmToolsVersion) {
		t.Errorf("said %q", said())
	}
}

func TestAnInstallationThatFailsLeavesNothing(t *testing.T) {
	programs(t, map[string]string{"cargo": fakeCargo + "\necho no such network >&2; exit 7"})
	home, _ := quiet(t)
	_, err := home.WasmTools(t.Context())
	var failed *toolchain.CommandError
	if !errors.Is(err, toolchain.ErrUnavailable) || !errors.As(err, &failed) || !strings.Contains(failed.Output, "no such network") {
		t.Fatalf("got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(home.Dir, "wasm-tools*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %q, %v", left, err)
	}
}

func TestWhatAKilledInstallationLeftIsReplaced(t *testing.T) {
	programs(t, map[string]string{"cargo": fakeCargo})
	home, _ := quiet(t)
	stale := filepath.Join(home.Dir, "wasm-tools-"+toolchain.WasmToolsVersion+".partial", "bin")
	if err := os.MkdirAll(stale, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stale, "half"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := home.WasmTools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "half")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half was kept: %v", err)
	}
}

func TestMissingProgramsAreNamed(t *testing.T) {
	programs(t, nil)
	home, _ := quiet(t)
	ctx := t.Context()
	for program, install := range map[string]func() error{
		"cargo":   func() error { _, err := home.WitBindgen(ctx); return err },
		"python3": func() error { _, err := home.Zig(ctx); return err },
		"npm":     func() error { _, err := home.ComponentizeJS(ctx); return err },
		"rustup":  func() error { _, err := home.Rust(ctx, "1.2.3"); return err },
	} {
		var missing *toolchain.MissingError
		err := install()
		if !errors.As(err, &missing) || missing.Program != program || missing.Do == "" || !errors.Is(err, toolchain.ErrUnavailable) {
			t.Errorf("%s: got %v", program, err)
		}
	}
}

// The wheels and packages are pinned by their digests.
func TestPinsCarryDigests(t *testing.T) {
	for file, want := range map[string]string{
		"pins/ziglang.txt":                       "ziglang==" + toolchain.ZigVersion + ` \\\n    --hash=sha256:[0-9a-f]{64}`,
		"pins/componentize-py.txt":               "componentize-py==" + toolchain.ComponentizePyVersion + ` \\\n    --hash=sha256:[0-9a-f]{64}`,
		"pins/componentize-js/package-lock.json": `"version": "` + toolchain.ComponentizeJSVersion + `",\n      "integrity": "sha512-`,
		"pins/adapter/Cargo.lock":                `version = "` + toolchain.AdapterVersion + `"\nsource = .*\nchecksum = "[0-9a-f]{64}"`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("%s does not have %s", file, want)
		}
	}
	channel, err := os.ReadFile("../../../rust-toolchain.toml")
	if err != nil || !strings.Contains(string(channel), `"`+toolchain.RustVersion+`"`) {
		t.Errorf("rust-toolchain.toml pins another Rust than %s: %v", toolchain.RustVersion, err)
	}
}
