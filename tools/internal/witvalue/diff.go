package witvalue

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Difference is one place where two values differ, as JSON.
type Difference struct {
	Path      string // as in "ok[0].location.start"; "" for the whole
	Want, Got any    // Missing where the value is not there
}

// Missing stands for a value that is not there.
type Missing struct{}

// maxDifferences bounds what DiffJSON lists.
const maxDifferences = 20

// DiffJSON lists where JSON differs from what was wanted, at most 20 places. Numbers
// are the same when they are written the same or are the same float.
func DiffJSON(want, got any) []Difference {
	var found []Difference
	diff("", want, got, &found)
	return found
}

func diff(path string, want, got any, found *[]Difference) {
	if len(*found) == maxDifferences {
		return
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			for _, key := range slices.Sorted(maps.Keys(union(w, g))) {
				diff(strings.TrimPrefix(path+"."+key, "."), lookup(w, key), lookup(g, key), found)
			}
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			for i := range max(len(w), len(g)) {
				diff(path+"["+strconv.Itoa(i)+"]", index(w, i), index(g, i), found)
			}
			return
		}
	}
	if !sameJSON(want, got) {
		*found = append(*found, Difference{path, want, got})
	}
}

func sameJSON(want, got any) bool {
	w, isNumber := want.(json.Number)
	g, alsoNumber := got.(json.Number)
	if isNumber && alsoNumber && w != g && strings.ContainsAny(w.String()+g.String(), ".eE") {
		wf, err := w.Float64()
		gf, err2 := g.Float64()
		return err == nil && err2 == nil && wf == gf
	}
	return reflect.DeepEqual(want, got)
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func lookup(object map[string]any, key string) any {
	if value, ok := object[key]; ok {
		return value
	}
	return Missing{}
}

func index(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return Missing{}
}

// String shows the difference in a line or two.
func (d Difference) String() string {
	path := d.Path
	if path == "" {
		path = "the result"
	}
	return fmt.Sprintf("%s: want %s, got %s", path, show(d.Want), show(d.Got))
}

func show(value any) string {
	if _, missing := value.(Missing); missing {
		return "nothing"
	}
	text, err := FormatJSON(value)
	if err != nil {
		return "something without JSON"
	}
	const most = 300
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
