package demo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
)

// anonymize is the fourth step. The first note is shown line by line, of the
// others the lines that changed are counted.
func (d *demo) anonymize(ctx context.Context) ([]string, any, error) {
	client, err := d.as("dpo", "privacy")
	if err != nil {
		return nil, nil, err
	}
	notes, err := Notes()
	if err != nil {
		return nil, nil, err
	}
	var lines []string
	result := map[string]any{}
	for i, note := range notes {
		out := &anonymizationv1.AnonymizeResponse{}
		if err := client.Call(ctx, http.MethodPost, "/v1/anonymize", &anonymizationv1.AnonymizeRequest{Text: note.Text}, out); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", note.Name, err)
		}
		kinds := count(out.Replacements)
		result[note.Name] = kinds
		lines = append(lines, fmt.Sprintf("%-28s %2d identifiers: %s", note.Name, len(out.Replacements), describe(kinds)))
		if i == 0 {
			lines = append(lines, changes(note.Text, out.Text)...)
		}
	}
	return lines, result, nil
}

func count(replacements []*anonymizationv1.Replacement) map[string]int {
	kinds := map[string]int{}
	for _, r := range replacements {
		kinds[strings.ToLower(strings.TrimPrefix(r.GetSpan().GetIdentifier().String(), "IDENTIFIER_"))]++
	}
	return kinds
}

func describe(kinds map[string]int) string {
	var parts []string
	for _, kind := range slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return cmp.Or(kinds[b]-kinds[a], cmp.Compare(a, b)) }) {
		parts = append(parts, fmt.Sprintf("%d %s", kinds[kind], kind))
	}
	return strings.Join(parts, ", ")
}

// changes shows the lines that differ, before and after. Identifiers have no
// line breaks, so that lines match one to one.
func changes(before, after string) []string {
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	var lines []string
	for i := range min(len(old), len(now)) {
		if old[i] != now[i] {
			lines = append(lines, "  - "+old[i], "  + "+now[i])
		}
	}
	return lines
}
