package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/hygia-suite/hygia/pkg/component"
)

// engineFolder is where `make engine` puts the long-term engine.
const engineFolder = ".tools/engine/lib"

// engines measures calls with the long-term engine too, where it was built: in a
// process of its own, since a program links one engine. Its rows carry the
// engine's name, and are compared among themselves.
func engines(ctx context.Context, o options, progress io.Writer) (rows []Row, err error) {
	lib, err := filepath.Abs(engineFolder)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(lib, "libwasmtime.a")); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(progress, "  only %s: `make engine` builds the long-term one\n", component.EngineName())
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "hygia-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	other, out := filepath.Join(dir, "bench"), filepath.Join(dir, "rows.json")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "wasmtime_lts", "-o", other, "./tools/bench") //nolint:gosec // our own
	build.Env = append(os.Environ(), "CGO_LDFLAGS=-L"+lib, "WAST_STRICT_COMPONENT_INDICES=0")
	build.Stdout, build.Stderr = progress, progress
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building with the long-term engine: %w", err)
	}
	child := exec.CommandContext(ctx, other, "-only", "calls", "-out", out, "-rounds", strconv.Itoa(o.rounds)) //nolint:gosec // just built
	child.Env = build.Env
	child.Stderr = progress
	if err := child.Run(); err != nil {
		return nil, fmt.Errorf("measuring the long-term engine: %w", err)
	}
	text, err := os.ReadFile(out) //nolint:gosec // just written
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Name = "long-term engine: " + rows[i].Name
		if rows[i].Beside != "" {
			rows[i].Beside = "long-term engine: " + rows[i].Beside
		}
	}
	return rows, nil
}
