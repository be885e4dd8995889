package script

import (
	"regexp"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/internal/wast"
)

// features are the parts of the component model's asynchronous half, by the words
// of the text format that nothing else has. What has words of several is put down
// to the first.
var features = []struct { //nolint:gochecknoglobals // immutable
	word *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`^error-context(\.|$)`), "error contexts"},
	{regexp.MustCompile(`^stream(\.|$)`), "streams"},
	{regexp.MustCompile(`^future(\.|$)`), "futures"},
	{regexp.MustCompile(`^thread\.`), "threads of a task"},
	{regexp.MustCompile(`^context\.`), "a task's own storage"},
	{regexp.MustCompile(`^backpressure\.`), "backpressure"},
	{regexp.MustCompile(`^(waitable-set|waitable|subtask)\.`), "waiting for subtasks"},
	{regexp.MustCompile(`^(async|callback|cancellable|yield|task\..*)$`), "functions"},
}

// usesAsync names the feature of the asynchronous half that a component's text
// uses, or is "".
func usesAsync(source string) string {
	used := len(features)
	for word := range wast.Words(source) {
		for i := range used {
			if features[i].word.MatchString(word) {
				used = i
				break
			}
		}
	}
	if used == len(features) {
		return ""
	}
	return features[used].name
}

// needsAsync names the feature that a directive needs: its own component uses it,
// or one that it is made of or calls.
func (r *runner) needsAsync(d *wast.Directive) string {
	switch {
	case d.Source != "":
		return usesAsync(d.Source)
	case d.Call != nil:
		return r.instances[d.Call.Instance].needs()
	case d.Kind == wast.Register:
		return r.instances[d.Of].needs()
	case d.Kind == wast.Instance:
		if def := r.definitions[d.Of]; def != nil {
			return def.async
		}
	}
	return ""
}

func (i *instance) needs() string {
	if i == nil {
		return ""
	}
	return i.async
}

// importsAsync names the feature that an instance needs which a component imports.
func (r *runner) importsAsync(c *component.Component) string {
	for _, item := range c.Imports() {
		if name := r.registered[item.Interface].needs(); name != "" {
			return name
		}
	}
	return ""
}
