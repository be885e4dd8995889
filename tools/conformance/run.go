package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/conformance/internal/script"
	"github.com/hygia-suite/hygia/tools/internal/wast"
)

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() {
		fmt.Fprintln(errs, "usage: conformance [flags] FOLDER\n\nRuns every .wast file, or every case of guests, below the folder through pkg/component.")
		flags.PrintDefaults()
	}
	all := flags.Bool("all", false, "print what was excepted too, and why")
	markdown := flags.Bool("markdown", false, "print a section of CONFORMANCE.md")
	title := flags.String("title", "", "what the suite is called; the folder by default")
	name := flags.String("suite", "", "component-model, wasmtime or wit-bindgen: an exception that is not known of that suite fails, and so does one that does not occur")
	built := flags.Bool("guests", false, "the folder is one like wit-bindgen's tests/runtime: build its guests, and run what they are composed to")
	tools := flags.String("tools", ".tools", "where the tools that build guests are, or are installed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name one folder")
	}
	s := suite{title: *title}
	if s.title == "" {
		s.title = flags.Arg(0)
	}
	if *built {
		return runGuests(ctx, *tools, *name, s.title, flags.Arg(0), out, errs)
	}
	var err error
	if s.files, err = runFolder(ctx, flags.Arg(0)); err != nil {
		return err
	}
	if *name != "" {
		pins, err := script.Pins(*name)
		if err != nil {
			return err
		}
		s.hold(pins)
	}
	if *markdown {
		s.markdown(out)
		s.text(errs, *all)
	} else {
		s.text(out, *all)
	}
	if n := s.count(script.Failed); n > 0 || len(s.stale) > 0 {
		return fmt.Errorf("%d directives failed, %d exceptions are stale", n, len(s.stale))
	}
	return nil
}

// hold holds every file to the pins of the suite.
func (s *suite) hold(pins []script.Pin) {
	files := map[string]bool{}
	for _, f := range s.files {
		files[f.path] = true
		s.stale = append(s.stale, script.Hold(f.path, f.results, pins)...)
	}
	for _, p := range pins {
		if !files[p.File] {
			s.stale = append(s.stale, p.File+" is not there, and has exceptions")
		}
	}
}

// file is a script with what came of its directives.
type file struct {
	path    string // below the suite's folder
	results []script.Result
	err     error // it could not be read
}

func runFolder(ctx context.Context, folder string) ([]file, error) {
	var out []file
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".wast" {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(name)}
		f.results, f.err = runFile(ctx, path)
		out = append(out, f)
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s holds no .wast file", folder)
	}
	return out, err
}

// runFile runs a script in an engine of its own, so that no script can leave
// anything to the next.
func runFile(ctx context.Context, path string) ([]script.Result, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > wast.MaxFileBytes {
		return nil, fmt.Errorf("more than %d bytes", wast.MaxFileBytes)
	}
	src, err := os.ReadFile(path) //nolint:gosec // the files that the user names
	if err != nil {
		return nil, err
	}
	directives, err := wast.Parse(string(src))
	if err != nil {
		return nil, err
	}
	engine, err := component.NewEngine(component.Config{MaxInstances: 100, MaxMemoryBytes: script.MemoryBytes})
	if err != nil {
		return nil, err
	}
	defer func() { _ = engine.Close() }()
	return script.Run(ctx, engine, directives), nil
}
