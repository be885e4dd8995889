package main

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hygia-suite/hygia/tools/conformance/internal/script"
)

// suite is a folder of scripts with what came of them.
type suite struct {
	title string
	files []file
	stale []string // exceptions that do not occur
}

func (s suite) count(v script.Verdict) int {
	n := 0
	for _, f := range s.files {
		n += f.count(v)
	}
	return n
}

func (f file) count(v script.Verdict) int {
	if f.err != nil && v == script.Failed {
		return 1
	}
	n := 0
	for _, r := range f.results {
		if r.Verdict == v {
			n++
		}
	}
	return n
}

// text prints what failed, and with all what was excepted, and the counts.
func (s suite) text(w io.Writer, all bool) {
	for _, f := range s.files {
		if f.err != nil {
			fmt.Fprintf(w, "%s: %v\n", f.path, f.err)
		}
		for _, r := range f.results {
			if r.Verdict == script.Failed || all && r.Verdict != script.Passed {
				fmt.Fprintf(w, "%s:%d: %.40s: %s: %.300s\n", f.path, r.Directive.Line, r.Directive.Kind, r.Verdict, r.Reason)
			}
		}
	}
	for _, line := range s.stale {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "%s: %d passed, %d failed, %d excepted, %d asynchronous\n", s.title,
		s.count(script.Passed), s.count(script.Failed), s.count(script.Excepted), s.count(script.Async))
}

// markdown prints a section: a row for each folder, and every directive that did
// not pass by its place, under the reason.
func (s suite) markdown(w io.Writer) {
	fmt.Fprintf(w, "## %s\n| folder | scripts | directives | passed | failed | excepted | asynchronous |\n|---|---|---|---|---|---|---|\n", s.title)
	row := func(name string, part suite) {
		counts := []int{part.count(script.Passed), part.count(script.Failed), part.count(script.Excepted), part.count(script.Async)}
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d | %d |\n", name, len(part.files),
			counts[0]+counts[1]+counts[2]+counts[3], counts[0], counts[1], counts[2], counts[3])
	}
	for _, folder := range s.folders() {
		row("`"+folder+"`", s.below(folder))
	}
	row("all", s)
	for _, verdict := range []script.Verdict{script.Failed, script.Excepted, script.Async} {
		for _, reason := range s.reasons(verdict) {
			n, places := s.places(verdict, reason)
			fmt.Fprintf(w, "\n%d %s: %s. %s\n", n, verdict, reason, strings.Join(places, ", "))
		}
	}
	for _, line := range s.stale {
		fmt.Fprintf(w, "\nstale: %s\n", line)
	}
}

func (s suite) folders() []string {
	var out []string
	for _, f := range s.files {
		if folder := path.Dir(f.path); !slices.Contains(out, folder) {
			out = append(out, folder)
		}
	}
	slices.Sort(out)
	return out
}

func (s suite) below(folder string) suite {
	var out suite
	for _, f := range s.files {
		if path.Dir(f.path) == folder {
			out.files = append(out.files, f)
		}
	}
	return out
}

func (s suite) reasons(v script.Verdict) []string {
	var out []string
	for _, f := range s.files {
		for _, r := range f.results {
			if r.Verdict == v && !slices.Contains(out, r.Reason) {
				out = append(out, r.Reason)
			}
		}
	}
	slices.Sort(out)
	return out
}

// places lists the directives of a verdict and reason, and counts them: by file,
// and in it by line, or by a first and a last line where all between are too.
func (s suite) places(v script.Verdict, reason string) (n int, out []string) {
	for _, f := range s.files {
		var runs []string
		for i := 0; i < len(f.results); i++ {
			first := i
			for i < len(f.results) && f.results[i].Verdict == v && f.results[i].Reason == reason {
				i++
			}
			switch n += i - first; i - first {
			case 0:
			case 1:
				runs = append(runs, strconv.Itoa(f.results[first].Directive.Line))
			default:
				runs = append(runs, fmt.Sprintf("%d-%d", f.results[first].Directive.Line, f.results[i-1].Directive.Line))
			}
		}
		if len(runs) > 0 {
			out = append(out, f.path+":"+strings.Join(runs, ","))
		}
	}
	return n, out
}
