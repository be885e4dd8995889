package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// services are the processes of a suite beside `hygia up` itself.
var services = []string{"accounts", "anonymization", "audit", "content", "gateway", "validation"}

// binaries is the folder of what TestMain built.
var binaries string

// TestMain builds every binary once; `go build` finds most of it in its cache.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hygia-e2e-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binaries = dir
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", dir + string(filepath.Separator), "./tools/hygia"}
	for _, s := range services {
		args = append(args, "./services/"+s)
	}
	build := exec.Command("go", args...)
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the suite: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
