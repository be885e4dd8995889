package demo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

// importExport is the first step.
func (d *demo) importExport(ctx context.Context) ([]string, any, error) {
	client, err := d.as("admin", "administration")
	if err != nil {
		return nil, nil, err
	}
	export, err := Export()
	if err != nil {
		return nil, nil, err
	}
	if d.state.Import == "" {
		job, err := client.UploadWordPress(ctx, bytes.NewReader(export), int64(len(export)))
		if err != nil {
			return nil, nil, err
		}
		d.state.Import = job.Id
		if err := d.state.save(); err != nil {
			return nil, nil, err
		}
	}
	job, err := client.AwaitImport(ctx, d.state.Import, func(*contentv1.Import) {})
	if err != nil {
		return nil, nil, err
	}
	if job.State != contentv1.ImportState_IMPORT_STATE_DONE {
		// The next run uploads it again; what is there already is known by then.
		d.state.Import = ""
		return nil, nil, errors.Join(fmt.Errorf("the import ended as %s: %s", job.State, job.Problem), d.state.save())
	}
	omissions, err := client.Omissions(ctx, job.Id)
	if err != nil {
		return nil, nil, err
	}
	lines := []string{
		fmt.Sprintf("artigos.xml, %d KiB: %d of %d items read by %s", len(export)>>10, job.ItemsDone, job.ItemsTotal, job.Importer),
		fmt.Sprintf("%d entries, all of them drafts, %d authors, %d categories and tags", job.EntriesCreated+job.EntriesKnown, job.AuthorsCreated, job.TermsCreated),
		fmt.Sprintf("%d things not taken over, each with its reason:", len(omissions)),
	}
	for _, g := range rest.GroupOmissions(omissions) {
		lines = append(lines, fmt.Sprintf("  %2d %-14s %s", g.Count, g.Kind, g.Reason))
	}
	return lines, map[string]any{"import": job.Id, "entries": job.EntriesCreated + job.EntriesKnown, "omissions": len(omissions)}, nil
}

// checked is an entry with its findings.
type checked struct {
	entry    *contentv1.Entry
	findings []*validationv1.Finding
}

// validate is the second step.
func (d *demo) validate(ctx context.Context) ([]string, any, error) {
	client, err := d.as("editor", "editorial")
	if err != nil {
		return nil, nil, err
	}
	entries, err := client.Entries(ctx, url.Values{"importId": {d.state.Import}}, 0)
	if err != nil {
		return nil, nil, err
	}
	all, err := checkAll(ctx, client, entries)
	if err != nil {
		return nil, nil, err
	}
	clean := 0
	var lines []string
	counts := map[string]int{}
	for _, c := range all {
		if len(c.findings) == 0 {
			clean++
		}
		for _, f := range c.findings {
			counts[f.Rule]++
			severity := strings.ToLower(strings.TrimPrefix(f.Severity.String(), "SEVERITY_"))
			lines = append(lines, fmt.Sprintf("  %-7s %-7s %-34.34s %s", f.Rule, severity, c.entry.Content.GetSlug(), f.Message))
		}
	}
	head := fmt.Sprintf("%d entries: %d have nothing to mend, %d have findings", len(all), clean, len(all)-clean)
	return append([]string{head}, lines...), map[string]any{"entries": len(all), "clean": clean, "findings": counts}, nil
}

func checkAll(ctx context.Context, client *rest.Client, entries []*contentv1.Entry) ([]checked, error) {
	var mu sync.Mutex
	var all []checked
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, e := range entries {
		group.Go(func() error {
			out := &contentv1.ValidateEntryResponse{}
			if err := post(ctx, client, e.Id, "validate", &contentv1.ValidateEntryRequest{}, out); err != nil {
				return fmt.Errorf("%s: %w", e.Content.GetSlug(), err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, checked{e, out.Findings})
			return nil
		})
	}
	err := group.Wait()
	slices.SortFunc(all, func(a, b checked) int { return cmp.Compare(a.entry.Content.GetSlug(), b.entry.Content.GetSlug()) })
	return all, err
}

func post(ctx context.Context, client *rest.Client, id, verb string, in, out proto.Message) error {
	return client.Call(ctx, http.MethodPost, "/v1/entries/"+url.PathEscape(id)+"/"+verb, in, out)
}

// articleSlug is the article that is published.
const articleSlug = "dengue-sinais-de-alarme"

// publish is the third step: through the workflow, with what it refuses.
func (d *demo) publish(ctx context.Context) ([]string, any, error) {
	editor, err := d.as("editor", "editorial")
	if err != nil {
		return nil, nil, err
	}
	reviewer, err := d.as("reviewer", "medical_review")
	if err != nil {
		return nil, nil, err
	}
	w := &workflow{ctx: ctx, editor: editor, reviewer: reviewer}
	if w.id, err = d.article(ctx, editor); err != nil {
		return nil, nil, err
	}
	for {
		entry, err := w.read(editor)
		if err != nil {
			return nil, nil, err
		}
		done, err := w.advance(entry)
		if err != nil {
			return nil, nil, err
		}
		if done {
			lines := append([]string{entry.Content.GetTitle()}, w.lines...)
			return lines, map[string]any{"entry": entry.Id, "status": entry.Status.String(), "contentHash": entry.ContentHash}, nil
		}
	}
}

// article finds the entry to publish, the same one in every run.
func (d *demo) article(ctx context.Context, client *rest.Client) (string, error) {
	if d.state.Entry != "" {
		return d.state.Entry, nil
	}
	entries, err := client.Entries(ctx, url.Values{"importId": {d.state.Import}}, 0)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(entries, func(e *contentv1.Entry) bool { return e.Content.GetSlug() == articleSlug })
	if i < 0 {
		return "", fmt.Errorf("the import made no entry %q", articleSlug)
	}
	d.state.Entry = entries[i].Id
	return d.state.Entry, d.state.save()
}

// workflow takes one entry from draft to published.
type workflow struct {
	ctx              context.Context
	editor, reviewer *rest.Client
	id               string
	lines            []string
}

func (w *workflow) say(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *workflow) read(client *rest.Client) (*contentv1.Entry, error) {
	out := &contentv1.GetEntryResponse{}
	err := client.Call(w.ctx, http.MethodGet, "/v1/entries/"+url.PathEscape(w.id), nil, out)
	return out.Entry, err
}

// advance takes the next step from where the entry stands, and tells whether
// there is none.
func (w *workflow) advance(entry *contentv1.Entry) (bool, error) {
	switch entry.Status {
	case contentv1.EntryStatus_ENTRY_STATUS_DRAFT:
		return false, w.submit()
	case contentv1.EntryStatus_ENTRY_STATUS_IN_REVIEW:
		return false, w.sign()
	case contentv1.EntryStatus_ENTRY_STATUS_APPROVED:
		out := &contentv1.PublishEntryResponse{}
		if err := post(w.ctx, w.editor, w.id, "publish", &contentv1.PublishEntryRequest{}, out); err != nil {
			return false, err
		}
		w.say("editor     publishes    %s, revision %d", state(out.Entry), out.Entry.GetPublishedRevision())
		return false, nil
	case contentv1.EntryStatus_ENTRY_STATUS_PUBLISHED:
		return true, nil
	}
	return false, fmt.Errorf("the entry is %s, and the demo does not know why", entry.Status)
}

// submit shows first that nothing is published without a sign-off.
func (w *workflow) submit() error {
	if err := w.refused("editor     publishes", w.editor, "publish", &contentv1.PublishEntryRequest{}, &contentv1.PublishEntryResponse{}); err != nil {
		return err
	}
	out := &contentv1.SubmitEntryResponse{}
	if err := post(w.ctx, w.editor, w.id, "submit", &contentv1.SubmitEntryRequest{}, out); err != nil {
		return err
	}
	w.say("editor     submits      %s", state(out.Entry))
	return nil
}

// sign shows first that the editor cannot sign.
func (w *workflow) sign() error {
	entry, err := w.read(w.reviewer)
	if err != nil {
		return err
	}
	request := &contentv1.SignEntryRequest{ContentHash: entry.ContentHash}
	if err := w.refused("editor     signs off", w.editor, "sign", request, &contentv1.SignEntryResponse{}); err != nil {
		return err
	}
	out := &contentv1.SignEntryResponse{}
	if err := post(w.ctx, w.reviewer, w.id, "sign", request, out); err != nil {
		return err
	}
	s := out.Entry.GetSignature()
	w.say("reviewer   signs off    %s, by %s (%s/%s %s)", state(out.Entry), s.GetDisplayName(), s.GetCredential().GetCouncil(), s.GetCredential().GetRegion(), s.GetCredential().GetNumber())
	w.say("                        bound to %s…", s.GetContentHash()[:min(27, len(s.GetContentHash()))])
	return nil
}

// refused does what must be refused.
func (w *workflow) refused(who string, client *rest.Client, verb string, in, out proto.Message) error {
	err := post(w.ctx, client, w.id, verb, in, out)
	var problem *rest.Problem
	switch {
	case err == nil:
		return fmt.Errorf("%s was not refused, and must be: do not trust this suite", verb)
	case errors.As(err, &problem) && (problem.Status == http.StatusConflict || problem.Status == http.StatusForbidden):
		w.say("%-23s REFUSED: %s", who, problem.Detail)
		return nil
	}
	return err
}

func state(e *contentv1.Entry) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(e.GetStatus().String(), "ENTRY_STATUS_"), "_", " "))
}
