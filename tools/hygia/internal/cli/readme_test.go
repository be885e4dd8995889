package cli

import (
	"os"
	"strings"
	"testing"
)

func TestReadmeHasTheExitCodes(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), exitTable) {
		t.Error("the README's table differs from --help's")
	}
}
