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

// fakeRustc is in the person's own home, without targets but its own, until RUSTUP_HOME
// says another; fakeRustup installs there what it is asked for.
const (
	fakeRustc = `home=${RUSTUP_HOME:-$HOME/.rustup}/toolchains/$RUSTUP_TOOLCHAIN
[ -d "$home" ] || exit 1
[ "$1" = --version ] && echo "rustc $RUSTUP_TOOLCHAIN (made up)" || echo "$home"`
	fakeRustup = `echo "$RUSTUP_HOME $@" >> $log
home=${RUSTUP_HOME:-$HOME/.rustup}/toolchains
case "$1" in toolchain) mkdir -p $home/$3 ;; esac
while [ $# -gt 0 ]; do
  case "$1" in --target) mkdir -p $home/1.2.3/lib/rustlib/$2 ;; 1.2.3) last=$2 ;; esac
  shift
done
[ -z "$last" ] || case "$last" in -*) ;; *) mkdir -p $home/1.2.3/lib/rustlib/$last ;; esac`
)

// The person's own Rust is used where it has what is needed, and never changed; else
// it is installed in the home, once, with targets as they are asked for.
func TestRustIsThePersonsOrTheHomes(t *testing.T) {
	log := programs(t, map[string]string{"rustc": fakeRustc, "rustup": fakeRustup})
	own := filepath.Join(t.TempDir(), ".rustup")
	t.Setenv("HOME", filepath.Dir(own))
	t.Setenv("RUSTUP_HOME", own)
	home, _ := quiet(t)
	rust := func(targets ...string) string {
		t.Helper()
		env, err := home.Rust(t.Context(), "1.2.3", targets...)
		if err != nil {
			t.Fatal(err)
		}
		sysroot, err := toolchain.Sysroot(t.Context(), env)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range targets {
			if _, err := os.Stat(filepath.Join(sysroot, "lib", "rustlib", target)); err != nil {
				t.Error(err)
			}
		}
		return sysroot
	}
	in := filepath.Join(home.Dir, "rust-1.2.3", "toolchains", "1.2.3")
	if got := rust(); got != in {
		t.Errorf("where there is none: %s, want %s", got, in)
	}
	if got := rust("wasm32-a"); got != in {
		t.Errorf("with a target: %s, want %s", got, in)
	}
	if _, err := os.Stat(own); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the person's own was touched: %v", err)
	}
	calls, err := os.ReadFile(log)
	if err != nil || strings.Count(string(calls), "\n") != 2 || !strings.Contains(string(calls), "target add --toolchain 1.2.3 wasm32-a") {
		t.Errorf("rustup was called so: %s, %v", calls, err)
	}
	mine := filepath.Join(own, "toolchains", "1.2.3")
	if err := os.MkdirAll(filepath.Join(mine, "lib", "rustlib", "wasm32-b"), 0o750); err != nil {
		t.Fatal(err)
	}
	if got := rust("wasm32-b"); got != mine {
		t.Errorf("where the person's own has it: %s, want %s", got, mine)
	}
	if got := rust("wasm32-b", "wasm32-c"); got != in {
		t.Errorf("where the person's own lacks a target: %s, want %s", got, in)
	}
	if entries, err := os.ReadDir(filepath.Join(mine, "lib", "rustlib")); err != nil || len(entries) != 1 {
		t.Errorf("the person's own was changed: %v, %v", entries, err)
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
