package verify_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The reader shares no code with the writer: neither the suite's own packages
// nor the log's library.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		if path == "github.com/hygia-suite/hygia/tools/hygia/internal/verify" {
			continue
		}
		if strings.HasPrefix(path, "github.com/") || strings.HasPrefix(path, "google.golang.org/") {
			t.Errorf("imports %s", path)
		}
	}
}
