package roundtrip_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

var update = flag.Bool("update", false, "rebuild the guests")

// guests are the components that are called here: their world, its package, and
// the files that they come from.
var guests = []struct{ name, world, wit string }{
	{"guest", "both", "calls"},
	{"things", "keeper", "things"},
	{"guarded", "guarded", "things"},
	{"pinged", "pinged", "things"},
	{"renamed", "renamed", "things"},
	{"ticking", "test:nested/ticking@0.2.0", "things"},
}

const contracts = "../witgen/testdata/wit/"

// What is checked in was built from the text beside it, and from the contracts as
// they are: rebuilt where the pinned wasm-tools is installed, else by the digest of
// the sources that was recorded when it was.
func TestGuestsAreCurrent(t *testing.T) {
	tool := filepath.Join("../../../../.tools", "wasm-tools-"+toolchain.WasmToolsVersion, "bin", "wasm-tools")
	_, err := os.Stat(tool)
	for _, g := range guests {
		t.Run(g.name, func(t *testing.T) {
			wasm, sum := filepath.Join("testdata", g.name+".wasm"), filepath.Join("testdata", g.name+".sum")
			digest := sourcesDigest(t, g.name, g.wit)
			if err != nil {
				if *update {
					t.Fatalf("-update needs %s, which `make plugins` installs", tool)
				}
				t.Logf("%s is not installed: the digest of the sources is compared, nothing is rebuilt", tool)
				if recorded := read(t, sum); string(recorded) != digest {
					t.Errorf("%s was built from other sources: run go test -update", wasm)
				}
				return
			}
			built := build(t, tool, g.name, g.world, g.wit)
			if *update {
				put(t, wasm, built)
				put(t, sum, []byte(digest))
			}
			if !bytes.Equal(built, read(t, wasm)) || digest != string(read(t, sum)) {
				t.Errorf("%s is not what its sources build to: run go test -update", wasm)
			}
		})
	}
}

// sourcesDigest covers a guest's text and every contract that it may use.
func sourcesDigest(t *testing.T, name, wit string) string {
	t.Helper()
	hash := sha256.New()
	for _, file := range []string{filepath.Join("testdata", name+".wat"), contracts + wit + "/" + wit + ".wit", contracts + "kinds/kinds.wit"} {
		fmt.Fprintf(hash, "%s\x00%s\x00", filepath.Base(file), bytes.ReplaceAll(read(t, file), []byte("\r\n"), []byte("\n")))
	}
	return hex.EncodeToString(hash.Sum(nil)) + "\n"
}

func build(t *testing.T, tool, name, world, wit string) []byte {
	t.Helper()
	dir := t.TempDir()
	core, out := filepath.Join(dir, "core.wasm"), filepath.Join(dir, "out.wasm")
	for _, args := range [][]string{
		{tool, "component", "embed", "--world", world, contracts + wit, filepath.Join("testdata", name+".wat"), "-o", core},
		{tool, "component", "new", core, "-o", out},
	} {
		if _, err := toolchain.Run(t.Context(), ".", nil, args...); err != nil {
			t.Fatal(err)
		}
	}
	return read(t, out)
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func put(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
