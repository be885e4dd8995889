package component_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cc runs the compiler that cgo uses on a program text.
func cc(t *testing.T, text string, args ...string) ([]byte, error) {
	t.Helper()
	name, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "abi.c")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	all := append(strings.Fields(string(name)), engineFlag, "-std=c11", "-Wall", "-Werror", "-I"+here, "-I"+headers(t), file)
	return exec.Command(all[0], append(all[1:], args...)...).CombinedOutput()
}

const theirs = "#include <wasm.h>\n#include <wasi.h>\n#include <wasmtime.h>\n#include <wasmtime/component.h>\n"

// Two declarations of a function in one program must agree, or it does not
// compile: so abi.h is compiled after wasmtime's headers, with their structs in
// place of its own.
func TestABIDeclaresWasmtimesFunctions(t *testing.T) {
	const ours = theirs + "#define HYGIA_ABI_TYPES_H\n#include \"abi.h\"\n"
	if out, err := cc(t, ours, "-fsyntax-only"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, wrong := range []string{
		"void wasmtime_store_delete(int);",
		"bool wasmtime_engine_clone(wasm_engine_t *);",
	} {
		if _, err := cc(t, ours+wrong, "-fsyntax-only"); err == nil {
			t.Errorf("%s went unnoticed", wrong)
		}
	}
}

// The structs and constants of abi_types.h are compared by what two programs
// print, one with either header.
func TestABIHasWasmtimesLayouts(t *testing.T) {
	text, err := os.ReadFile("abi_types.h")
	if err != nil {
		t.Fatal(err)
	}
	body := probe(string(text))
	run := func(include string) string {
		exe := filepath.Join(t.TempDir(), "probe")
		out, err := cc(t, include+"#include <stdio.h>\n#include <stddef.h>\nint main(void) {\n"+body+"}\n", "-o", exe)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		out, err = exec.Command(exe).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	want, got := run(theirs+permissions), run("#include \"abi.h\"\n")
	if got != want || strings.Count(got, "\n") < 120 {
		t.Fatalf("ours:\n%s\nwasmtime's:\n%s", got, want)
	}
}

// probe writes statements that print every constant, every struct's size and
// every member's place in a header.
func probe(header string) string {
	var b strings.Builder
	for _, m := range regexp.MustCompile(`(?m)^#define (\w+) \d+$`).FindAllStringSubmatch(header, -1) {
		fmt.Fprintf(&b, "printf(\"%[1]s %%d\\n\", (int)%[1]s);\n", m[1])
	}
	// The members of what stands in braces, and the name that it goes by.
	structs := regexp.MustCompile(`(?s)typedef (?:struct|union)[^;{]*\{(.*?)\n\} (\w+);`)
	member := regexp.MustCompile(`[\w\]]+(?: \*|[ ])(\w+)(?:, \*?\w+)*;`)
	for _, m := range structs.FindAllStringSubmatch(header, -1) {
		name := m[2]
		fmt.Fprintf(&b, "printf(\"%[1]s %%zu %%zu\\n\", sizeof(%[1]s), _Alignof(%[1]s));\n", name)
		for _, f := range member.FindAllStringSubmatch(m[1], -1) {
			fmt.Fprintf(&b, "printf(\"%[1]s.%[2]s %%zu %%zu\\n\", offsetof(%[1]s, %[2]s), sizeof(((%[1]s *)0)->%[2]s));\n", name, f[1])
		}
	}
	return b.String()
}
