package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

func (a *app) contentCommand() *cobra.Command {
	return a.group(&cobra.Command{Use: "content", Short: "Writes, reviews and publishes entries"},
		a.contentList(), a.contentShow(), a.contentCreate(), a.contentUpdate(), a.contentValidate(),
		a.contentSubmit(), a.contentSign(), a.contentReturn(), a.contentPublish(),
		a.contentStep("unpublish", "Takes an entry back from the reader", &contentv1.UnpublishEntryResponse{}),
		a.contentStep("trash", "Moves an entry to the trash", &contentv1.TrashEntryResponse{}),
		a.contentRevisions())
}

func entryPath(id string, more ...string) string {
	return "/v1/entries/" + url.PathEscape(id) + strings.Join(more, "")
}

// entryCommand is a command on one entry.
func (a *app) entryCommand(c *cobra.Command, r role, run func(ctx context.Context, client *rest.Client, id string) error) *cobra.Command {
	c.Args = cobra.ExactArgs(1)
	c.ValidArgsFunction = a.completeEntries
	return a.command(c, func(ctx context.Context, args []string) error {
		client, err := a.client(r)
		if err != nil {
			return err
		}
		return run(ctx, client, args[0])
	})
}

func (a *app) getEntry(ctx context.Context, client *rest.Client, id string) (*contentv1.Entry, error) {
	out := &contentv1.GetEntryResponse{}
	err := client.Call(ctx, http.MethodGet, entryPath(id), nil, out)
	return out.Entry, err
}

func (a *app) contentList() *cobra.Command {
	var status, kind, importID string
	var limit int
	c := a.command(&cobra.Command{
		Use: "list", Short: "Lists entries, the newest change first",
		Long:    "Lists entries, the newest change first, without their bodies.\n\nJSON: {\"entries\": [Entry]}, as in the API.",
		Example: "  hygia content list --status in-review\n  hygia content list --json | jq -r '.entries[].id'", Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error {
		query, err := entryQuery(status, kind, importID)
		if err != nil {
			return err
		}
		client, err := a.client(asEditor)
		if err != nil {
			return err
		}
		entries, err := client.Entries(ctx, query, limit)
		if err != nil {
			return err
		}
		return a.show(map[string]any{"entries": messagesJSON(entries)}, func(w io.Writer) { printEntries(w, entries) })
	})
	c.Flags().StringVar(&status, "status", "", "only draft, in-review, approved, scheduled, published or trashed")
	c.Flags().StringVar(&kind, "kind", "", "only post or page")
	c.Flags().StringVar(&importID, "import", "", "only what the import of this `ID` made")
	c.Flags().IntVar(&limit, "limit", 100, "at most so many; 0 for all")
	choices(c, "status", "draft", "in-review", "approved", "scheduled", "published", "trashed")
	choices(c, "kind", "post", "page")
	return c
}

func entryQuery(status, kind, importID string) (url.Values, error) {
	query := url.Values{}
	if status != "" {
		name := "ENTRY_STATUS_" + constant(status)
		if contentv1.EntryStatus_value[name] == 0 {
			return nil, usage("--status %q is none of draft, in-review, approved, scheduled, published, trashed", status)
		}
		query.Set("status", name)
	}
	switch kind {
	case "":
	case "post", "page":
		query.Set("kind", "ENTRY_KIND_"+constant(kind))
	default:
		return nil, usage("--kind %q is neither post nor page", kind)
	}
	if importID != "" {
		query.Set("importId", importID)
	}
	return query, nil
}

func constant(word string) string { return strings.ToUpper(strings.ReplaceAll(word, "-", "_")) }

func printEntries(w io.Writer, entries []*contentv1.Entry) {
	var rows [][]string
	for _, e := range entries {
		rows = append(rows, []string{e.Id, enum(e.Status, "ENTRY_STATUS_"), enum(e.Content.GetKind(), "ENTRY_KIND_"), fmt.Sprint(e.Revision), when(e.UpdateTime), clip(e.Content.GetTitle(), 60)})
	}
	table(w, []string{"ID", "STATUS", "KIND", "REV", "CHANGED (UTC)", "TITLE"}, rows)
}

func (a *app) contentShow() *cobra.Command {
	var body bool
	c := a.entryCommand(&cobra.Command{
		Use: "show ID", Short: "Shows an entry, its hash and its sign-off",
		Long:    "Shows an entry, the hash that a sign-off binds, and the sign-off.\n\nJSON: Entry, as in the API.",
		Example: "  hygia content show 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f --body",
	}, asEditor, func(ctx context.Context, client *rest.Client, id string) error {
		entry, err := a.getEntry(ctx, client, id)
		if err != nil {
			return err
		}
		return a.show(entry, func(w io.Writer) { printEntry(w, entry, body) })
	})
	c.Flags().BoolVar(&body, "body", false, "print the body too")
	return c
}

func printEntry(w io.Writer, e *contentv1.Entry, body bool) {
	fmt.Fprintf(w, "%s\n\n", e.Content.GetTitle())
	line := func(label, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(w, "  %-10s %s\n", label, value)
		}
	}
	line("id", e.Id)
	line("status", enum(e.Status, "ENTRY_STATUS_"))
	line("kind", enum(e.Content.GetKind(), "ENTRY_KIND_"))
	line("slug", e.Content.GetSlug())
	line("revision", fmt.Sprint(e.Revision))
	line("hash", e.ContentHash)
	if s := e.Signature; s != nil {
		line("signed", fmt.Sprintf("by %s (%s/%s %s), %s UTC, revision %d", s.DisplayName, s.Credential.GetCouncil(), s.Credential.GetRegion(), s.Credential.GetNumber(), when(s.SignTime), s.Revision))
	}
	if e.PublishedRevision > 0 {
		line("published", fmt.Sprintf("revision %d, %s UTC", e.PublishedRevision, when(e.PublishTime)))
	}
	line("scheduled", when(e.ScheduledTime))
	line("returned", e.ReviewNote)
	line("changed", when(e.UpdateTime)+" UTC")
	line("excerpt", clip(e.Content.GetExcerpt(), 200))
	if body {
		fmt.Fprintf(w, "\n%s\n", e.Content.GetBody())
	}
}

func (a *app) contentSubmit() *cobra.Command {
	return a.entryCommand(&cobra.Command{
		Use: "submit ID", Short: "Asks for a review",
		Long:    "Validates an entry and asks for its review. Findings of severity error refuse it.\n\nJSON: SubmitEntryResponse, as in the API.",
		Example: "  hygia content submit 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f",
	}, asEditor, func(ctx context.Context, client *rest.Client, id string) error {
		out := &contentv1.SubmitEntryResponse{}
		if err := client.Call(ctx, http.MethodPost, entryPath(id, "/submit"), &contentv1.SubmitEntryRequest{}, out); err != nil {
			return err
		}
		return a.show(out, func(w io.Writer) {
			printOutcome(w, out.Entry)
			for _, f := range out.Findings {
				fmt.Fprintf(w, "  %s %s: %s\n", enum(f.Severity, "SEVERITY_"), f.Rule, f.Message)
			}
		})
	})
}

func printOutcome(w io.Writer, e *contentv1.Entry) {
	fmt.Fprintf(w, "%s is %s: %s\n", e.GetId(), enum(e.GetStatus(), "ENTRY_STATUS_"), clip(e.GetContent().GetTitle(), 80))
}

func (a *app) contentReturn() *cobra.Command {
	var why string
	c := a.entryCommand(&cobra.Command{
		Use: "return ID --note TEXT", Short: "Gives an entry back to its editors",
		Long:    "Gives an entry in review back to its editors, with a reason.\n\nJSON: Entry, as in the API.",
		Example: `  hygia content return ID --note "Falta a referência da dose."`,
	}, asReviewer, func(ctx context.Context, client *rest.Client, id string) error {
		out := &contentv1.ReturnEntryResponse{}
		if err := client.Call(ctx, http.MethodPost, entryPath(id, "/return"), &contentv1.ReturnEntryRequest{Note: why}, out); err != nil {
			return err
		}
		return a.show(out.Entry, func(w io.Writer) { printOutcome(w, out.Entry) })
	})
	c.Flags().StringVar(&why, "note", "", "why")
	require(c, "note")
	return c
}

func (a *app) contentPublish() *cobra.Command {
	var at string
	c := a.entryCommand(&cobra.Command{
		Use: "publish ID", Short: "Publishes what was signed off",
		Long:    "Publishes a signed entry, now or at a time to come.\n\nJSON: Entry, as in the API.",
		Example: "  hygia content publish ID\n  hygia content publish ID --at 2027-10-01T08:00:00-03:00",
	}, asEditor, func(ctx context.Context, client *rest.Client, id string) error {
		request := &contentv1.PublishEntryRequest{}
		if at != "" {
			t, err := time.Parse(time.RFC3339, at)
			if err != nil {
				return usage("--at %q: want a time such as 2027-10-01T08:00:00-03:00", at)
			}
			request.PublishTime = timestamppb.New(t)
		}
		out := &contentv1.PublishEntryResponse{}
		if err := client.Call(ctx, http.MethodPost, entryPath(id, "/publish"), request, out); err != nil {
			return err
		}
		return a.show(out.Entry, func(w io.Writer) { printOutcome(w, out.Entry) })
	})
	c.Flags().StringVar(&at, "at", "", "when, as RFC 3339 `TIME`")
	return c
}

// contentStep is a step of the workflow that takes nothing but the entry.
func (a *app) contentStep(verb, short string, out interface {
	proto.Message
	GetEntry() *contentv1.Entry
}) *cobra.Command {
	return a.entryCommand(&cobra.Command{
		Use: verb + " ID", Short: short,
		Long:    short + ".\n\nJSON: Entry, as in the API.",
		Example: "  hygia content " + verb + " 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f",
	}, asEditor, func(ctx context.Context, client *rest.Client, id string) error {
		// The gateway takes the id from the path: the body is empty.
		if err := client.Call(ctx, http.MethodPost, entryPath(id, "/", verb), &contentv1.UnpublishEntryRequest{}, out); err != nil {
			return err
		}
		return a.show(out.GetEntry(), func(w io.Writer) { printOutcome(w, out.GetEntry()) })
	})
}

func (a *app) contentRevisions() *cobra.Command {
	return a.entryCommand(&cobra.Command{
		Use: "revisions ID", Short: "Lists an entry's revisions, newest first",
		Long:    "Lists an entry's revisions, newest first, without their bodies.\n\nJSON: {\"revisions\": [Revision]}, as in the API.",
		Example: "  hygia content revisions 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f",
	}, asEditor, func(ctx context.Context, client *rest.Client, id string) error {
		var all []*contentv1.Revision
		err := rest.Pages(ctx, func(token string) (string, error) {
			out := &contentv1.ListRevisionsResponse{}
			err := client.Call(ctx, http.MethodGet, entryPath(id, "/revisions?pageSize=200&pageToken=", url.QueryEscape(token)), nil, out)
			all = append(all, out.Revisions...)
			return out.NextPageToken, err
		})
		if err != nil {
			return err
		}
		return a.show(map[string]any{"revisions": messagesJSON(all)}, func(w io.Writer) {
			var rows [][]string
			for _, r := range all {
				rows = append(rows, []string{fmt.Sprint(r.Number), when(r.CreateTime), r.PersonId, clip(r.ContentHash, 19), clip(r.Content.GetTitle(), 60)})
			}
			table(w, []string{"REV", "SAVED (UTC)", "BY", "HASH", "TITLE"}, rows)
		})
	})
}

// completeEntries offers the ids of entries with their titles, where the suite
// answers at once.
func (a *app) completeEntries(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	if len(args) > 0 {
		return nil, none
	}
	client, err := a.client(asEditor)
	if err != nil {
		return nil, none
	}
	ctx, cancel := context.WithTimeout(c.Context(), time.Second)
	defer cancel()
	entries, err := client.Entries(ctx, url.Values{}, 100)
	if err != nil {
		return nil, none
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Id+"\t"+enum(e.Status, "ENTRY_STATUS_")+": "+clip(e.Content.GetTitle(), 60))
	}
	return out, none
}
