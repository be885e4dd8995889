package wasi_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// testdata/functions.txt holds what a component declares that imports all of
// WASI 0.2.6, in short: without the resources' interfaces and the cases of the
// two error-codes.
var (
	interfaceOf = regexp.MustCompile(`wasi:[a-z0-9/-]+@[0-9.]+#`)
	errorCode   = regexp.MustCompile(`enum{(access|unknown, access-denied), [^}]*}`)
)

func TestEveryFunctionIsServed(t *testing.T) {
	text, err := os.ReadFile("testdata/functions.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := wasi.Functions()
	for line := range strings.Lines(string(text)) {
		name, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		short := errorCode.ReplaceAllString(interfaceOf.ReplaceAllString(got[name], ""), "error-code")
		if short != want {
			t.Errorf("%s is\n%s, want\n%s", name, short, want)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is not of WASI", name)
	}
}
