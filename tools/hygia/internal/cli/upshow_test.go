package cli

import (
	"os/exec"
	"testing"
)

func TestQuotedIsReadBackByAShell(t *testing.T) {
	for _, path := range []string{".hygia/dev.env", "/a b/c", "it's", "$(id)", "ção/`x`", "-n;true", "a\\b*"} {
		out, err := exec.Command("sh", "-c", `printf %s `+quoted(path)).Output()
		if err != nil || string(out) != path {
			t.Errorf("%q is read as %q, %v", path, out, err)
		}
	}
	if got := quoted("bin/hygia"); got != "bin/hygia" {
		t.Errorf("got %q", got)
	}
}
