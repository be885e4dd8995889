package script

import (
	"fmt"
	"slices"
)

// Pin names directives of a suite that are excepted, and for which reason.
type Pin struct {
	File   string
	Reason string
	Lines  []int
}

// pins are every exception of the suites that CONFORMANCE.md is about, at the
// commits that scripts/conformance names. Whoever adds one says in a review why.
var pins = map[string][]Pin{ //nolint:gochecknoglobals // immutable
	"component-model": {
		{"resources/multiple-resources.wast", Miscompiled, []int{4, 170}},
		{"wasm-tools/instance-type.wast", noThreads, []int{4, 85}},
		{"wasm-tools/tags.wast", noExceptions, []int{11, 17}},
		{"wasmtime/import.wast", noFunctions, []int{7}},
		{"wasmtime/import.wast", noWorld, []int{15}},
		{"wasmtime/instance.wast", noWorld, []int{191, 216, 224}},
		{"wasmtime/modules.wast", noWorld, []int{8, 15, 49, 58, 74, 80, 192, 283, 298, 315, 416}},
		{"wasmtime/nested.wast", noWorld, []int{149, 219}},
		{"wasmtime/resources.wast", oneName, []int{180, 198}},
		{"wasmtime/resources.wast", Miscompiled, []int{961, 1052}},
		{"wasmtime/tags.wast", noExceptions, []int{3}},
	},
	"wasmtime": {
		{"fixed_length_lists.wast", NoFixedLists, []int{18, 421}},
		{"gc/empty.wast", noGC, []int{8, 47, 50, 89, 92, 130}},
		{"import.wast", noFunctions, []int{7}},
		{"import.wast", noWorld, []int{15}},
		{"instance.wast", noWorld, []int{191, 216, 224}},
		{"map-types.wast", NoMaps, []int{3}},
		{"modules.wast", noWorld, []int{9, 16, 50, 59, 75, 81, 193, 284, 299, 316, 417}},
		{"modules.wast", noExceptions, []int{482, 485}},
		{"nested.wast", noWorld, []int{149, 219}},
		{"resources.wast", oneName, []int{182, 200}},
		{"resources.wast", Miscompiled, []int{963, 1054}},
		{"tags.wast", noExceptions, []int{3}},
	},
}

// Pins returns the exceptions of a suite.
func Pins(suite string) ([]Pin, error) {
	of, ok := pins[suite]
	if !ok {
		return nil, fmt.Errorf("there are no exceptions of a suite %q", suite)
	}
	return of, nil
}

// Hold holds what came of a file's directives to the pins of its suite: in place,
// an exception that no pin names failed. It returns a line for each pin of the
// file that is stale, since its directive is not excepted for that reason.
func Hold(file string, results []Result, pins []Pin) (stale []string) {
	type place struct {
		line   int
		reason string
	}
	pinned := map[place]bool{}
	for _, p := range pins {
		for _, line := range p.Lines {
			if p.File == file {
				pinned[place{line, p.Reason}] = false
			}
		}
	}
	for i, r := range results {
		if r.Verdict != Excepted {
			continue
		}
		at := place{r.Directive.Line, r.Reason}
		if _, ok := pinned[at]; !ok {
			results[i].Verdict, results[i].Reason = Failed, "not among the known exceptions: "+r.Err.Error()
			continue
		}
		pinned[at] = true
	}
	for at, met := range pinned {
		if !met {
			stale = append(stale, fmt.Sprintf("%s:%d is not excepted any more: %s", file, at.line, at.reason))
		}
	}
	slices.Sort(stale)
	return stale
}
