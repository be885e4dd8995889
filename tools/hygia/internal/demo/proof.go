package demo

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
)

// trace is what a step must have left in the log.
type trace struct {
	step, method, outcome string
	// object, where it is given, is the id of something that was touched.
	object string
	times  int
}

// traces are those of all steps.
func (d *demo) traces(notes int) []trace {
	return []trace{
		{"import", "UploadImport", "success", d.state.Import, 1},
		{"validate", "ValidateEntry", "success", "", 1},
		{"publish", "PublishEntry", "refused", d.state.Entry, 1},
		{"publish", "SubmitEntry", "success", d.state.Entry, 1},
		{"publish", "SignEntry", "success", d.state.Entry, 1},
		{"publish", "PublishEntry", "success", d.state.Entry, 1},
		{"anonymize", "Anonymize", "success", "", notes},
	}
}

// The log's index follows the log: what was just done may take a moment to be
// listed.
const (
	traceTries = 20
	tracePause = 250 * time.Millisecond
)

// verify is the fifth step.
func (d *demo) verify(ctx context.Context) ([]string, any, error) {
	notes, err := Notes()
	if err != nil {
		return nil, nil, err
	}
	wanted := d.traces(len(notes))
	for try := 1; ; try++ {
		report, err := d.config.Verify(ctx, d.state.People["dpo"].Token)
		if err != nil {
			return nil, nil, err
		}
		if !report.Verified {
			return nil, nil, fmt.Errorf("the audit log does not verify: %v", report.Failures)
		}
		missing := slices.DeleteFunc(slices.Clone(wanted), func(t trace) bool { return t.in(report.Events) })
		if len(missing) == 0 {
			return told(report, wanted), map[string]any{"size": report.Size, "root": report.Root, "events": len(report.Events)}, nil
		}
		if try == traceTries {
			return nil, nil, fmt.Errorf("the audit log verifies, and lacks %s %s of the step %q", missing[0].method, missing[0].outcome, missing[0].step)
		}
		select {
		case <-time.After(tracePause):
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

func (t trace) in(events []verify.Event) bool {
	n := 0
	for _, e := range events {
		touched := t.object == "" || slices.ContainsFunc(e.Objects, func(o verify.Object) bool { return o.ID == t.object })
		if path.Base(e.Method) == t.method && e.Phase == "outcome" && e.Outcome == t.outcome && touched {
			n++
		}
	}
	return n >= t.times
}

func told(r verify.Report, wanted []trace) []string {
	var steps []string
	for _, t := range wanted {
		word := t.method
		if t.outcome == "refused" {
			word += " (refused)"
		}
		steps = append(steps, word)
	}
	lines := []string{
		fmt.Sprintf("hygia audit verify: %s, %d leaves, root %s", r.Origin, r.Size, r.Root),
		fmt.Sprintf("signature holds; %d events of this organisation are included; the log only grew, to %d", len(r.Events), r.FinalSize),
		"every step is in it: " + strings.Join(steps, ", "),
	}
	if len(r.OpenIntents) > 0 {
		lines = append(lines, fmt.Sprintf("%d changes were announced and have no outcome yet", len(r.OpenIntents)))
	}
	return lines
}
