package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Why a case of a suite is left out.
const (
	noFile      = "the suite has an expectation, and no file that it is of"
	asyncFunc   = "is async, which witgen does not generate"
	noFuture    = "future is a type that the host library does not carry"
	noStream    = "stream is a type that the host library does not carry"
	ownName     = "gives a name of its own to an interface"
	noErrorCtx  = "error-context is a type that the host library does not carry"
	noMap       = "map is a type that the host library does not carry"
	noFixedList = "fixed-length list is a type that the host library does not carry"
)

// leftOut are every case of the suites, at the commits that scripts/conformance
// names, that is left out, by suite and name, with what must be said of it. Whoever
// adds one says in a review why.
var leftOut = [suites]map[string]string{ //nolint:gochecknoglobals // immutable
	golden:  {},
	refused: {"async.wit": noFile, "async1.wit": noFile, "unterminated-string.wit": noFile},
	codegen: {
		"async-resource-func.wit":              asyncFunc,
		"async-trait-function.wit":             asyncFunc,
		"error-context.wit":                    noErrorCtx,
		"future-same-type-different-names.wit": noFuture,
		"futures.wit":                          noFuture,
		"import-export-future.wit":             noFuture,
		"import-export-stream.wit":             noStream,
		"issue-1432.wit":                       noStream,
		"issue-1433.wit":                       noStream,
		"issue-1544.wit":                       noFuture,
		"issue-1598.wit":                       asyncFunc,
		"issue1642.wit":                        ownName,
		"map.wit":                              noMap,
		"named-fixed-length-list.wit":          noFixedList,
		"resources-with-futures.wit":           noFuture,
		"resources-with-streams.wit":           noStream,
		"streams.wit":                          noStream,
	},
}

// Hold holds a run of the public suites to the cases that are known to be left out:
// in place, one that is left out and not known, or for another reason, failed. It
// returns a line for each known one that is not left out.
func (r Report) Hold() (stale []string) {
	for s, results := range r {
		if results == nil {
			continue
		}
		met := map[string]bool{}
		for i, result := range results {
			if !result.LeftOut {
				continue
			}
			known, ok := leftOut[s][result.Name]
			if ok && strings.Contains(result.Reason, known) {
				met[result.Name] = true
				continue
			}
			results[i].LeftOut = false
			results[i].Reason = "not among the cases that are left out: " + result.Reason
		}
		for _, name := range slices.Sorted(maps.Keys(leftOut[s])) {
			if !met[name] {
				stale = append(stale, fmt.Sprintf("%s is not left out any more: %s", name, leftOut[s][name]))
			}
		}
	}
	return stale
}
