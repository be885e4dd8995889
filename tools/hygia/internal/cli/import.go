package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

// maxExport is the largest export that the suite takes, in bytes.
const maxExport = 64 << 20

func (a *app) importCommand() *cobra.Command {
	return a.group(&cobra.Command{Use: "import", Short: "Brings content in from other systems"},
		a.importWordPress(), a.importList(), a.importShow())
}

func (a *app) importWordPress() *cobra.Command {
	var noWait bool
	c := a.command(&cobra.Command{
		Use:   "wordpress FILE.xml",
		Short: "Imports a WordPress export (WXR)",
		Long: `Uploads a WordPress export (Tools → Export → All content, at most 64 MiB), waits
until it is imported, and reports what was not taken over, and why. Nothing is
published by it: every entry comes in as a draft. The same export again makes no
entry twice.

JSON: {"import": Import, "omissions": [Omission]}, as in the API.`,
		Example: "  hygia import wordpress meu-site.xml",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error { return a.runImport(ctx, args[0], !noWait) })
	c.Flags().BoolVar(&noWait, "no-wait", false, "return once the export is uploaded")
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"xml"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return c
}

func (a *app) runImport(ctx context.Context, name string, wait bool) error {
	client, err := a.client(asAdmin)
	if err != nil {
		return err
	}
	job, err := a.upload(ctx, client, name)
	if err != nil {
		return err
	}
	if !wait {
		return a.show(&contentv1.GetImportResponse{Import: job}, func(w io.Writer) {
			fmt.Fprintf(w, "import %s is %s\n", job.Id, enum(job.State, "IMPORT_STATE_"))
		})
	}
	bar := a.progress("importing", false)
	job, err = client.AwaitImport(ctx, job.Id, func(job *contentv1.Import) {
		bar.set(int64(job.ItemsDone), int64(job.ItemsTotal))
	})
	bar.end()
	if err != nil {
		return err
	}
	return a.reportImport(ctx, client, job)
}

func (a *app) upload(ctx context.Context, client *rest.Client, name string) (*contentv1.Import, error) {
	file, err := os.Open(a.path(name))
	if err != nil {
		return nil, usageError{err: err}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, usageError{err: err}
	}
	if info.IsDir() || info.Size() == 0 || info.Size() > maxExport {
		return nil, usage("%s: want an export of 1 byte to %d MiB, got %d bytes; WordPress can export by year or by author", name, maxExport>>20, info.Size())
	}
	bar := a.progress("uploading", true)
	defer bar.end()
	done := int64(0)
	body := readFunc(func(p []byte) (int, error) {
		n, err := file.Read(p)
		done += int64(n)
		bar.set(done, info.Size())
		return n, err
	})
	return client.UploadWordPress(ctx, body, info.Size())
}

// readFunc is a reader that is a function.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func (a *app) reportImport(ctx context.Context, client *rest.Client, job *contentv1.Import) error {
	omissions, err := client.Omissions(ctx, job.Id)
	if err != nil {
		return err
	}
	err = a.show(map[string]any{"import": messageJSON(job), "omissions": messagesJSON(omissions)}, func(w io.Writer) {
		printImport(w, job, omissions)
	})
	switch {
	case err != nil:
		return err
	case job.State == contentv1.ImportState_IMPORT_STATE_REFUSED:
		return usage("the export was refused: %s", job.Problem)
	case job.State == contentv1.ImportState_IMPORT_STATE_FAILED:
		return fmt.Errorf("the import stopped on the way: %s", job.Problem)
	}
	return nil
}

func printImport(w io.Writer, job *contentv1.Import, omissions []*contentv1.Omission) {
	fmt.Fprintf(w, "import %s: %s\n", job.Id, enum(job.State, "IMPORT_STATE_"))
	fmt.Fprintf(w, "  %d of %s read: %s made, %d known before; %s, %s\n", job.ItemsDone, plural(int(job.ItemsTotal), "item", "items"),
		plural(int(job.EntriesCreated), "entry", "entries"), job.EntriesKnown,
		plural(int(job.AuthorsCreated), "author", "authors"), plural(int(job.TermsCreated), "term", "terms"))
	if len(omissions) == 0 {
		return
	}
	fmt.Fprintf(w, "  %s not taken over:\n", plural(len(omissions), "thing", "things"))
	for _, g := range rest.GroupOmissions(omissions) {
		fmt.Fprintf(w, "  %5d  %-16s %s\n", g.Count, g.Kind, g.Reason)
	}
}

func (a *app) importList() *cobra.Command {
	return a.command(&cobra.Command{
		Use: "list", Short: "Lists imports, newest first",
		Long:    "Lists imports, newest first.\n\nJSON: {\"imports\": [Import]}, as in the API.",
		Example: "  hygia import list", Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error {
		client, err := a.client(asAdmin)
		if err != nil {
			return err
		}
		var all []*contentv1.Import
		err = rest.Pages(ctx, func(token string) (string, error) {
			out := &contentv1.ListImportsResponse{}
			err := client.Call(ctx, http.MethodGet, "/v1/imports?pageSize=200&pageToken="+url.QueryEscape(token), nil, out)
			all = append(all, out.Imports...)
			return out.NextPageToken, err
		})
		if err != nil {
			return err
		}
		return a.show(map[string]any{"imports": messagesJSON(all)}, func(w io.Writer) {
			var rows [][]string
			for _, i := range all {
				rows = append(rows, []string{i.Id, enum(i.State, "IMPORT_STATE_"), when(i.CreateTime),
					fmt.Sprintf("%d/%d", i.ItemsDone, i.ItemsTotal), fmt.Sprint(i.EntriesCreated), fmt.Sprint(i.Omissions)})
			}
			table(w, []string{"ID", "STATE", "BEGUN (UTC)", "ITEMS", "ENTRIES", "OMISSIONS"}, rows)
		})
	})
}

func (a *app) importShow() *cobra.Command {
	return a.command(&cobra.Command{
		Use: "show ID", Short: "Shows an import and what it left behind",
		Long:    "Shows an import and what it left behind.\n\nJSON: {\"import\": Import, \"omissions\": [Omission]}, as in the API.",
		Example: "  hygia import show 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f", Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error {
		client, err := a.client(asAdmin)
		if err != nil {
			return err
		}
		out := &contentv1.GetImportResponse{}
		if err := client.Call(ctx, http.MethodGet, "/v1/imports/"+url.PathEscape(args[0]), nil, out); err != nil {
			return err
		}
		omissions, err := client.Omissions(ctx, args[0])
		if err != nil {
			return err
		}
		return a.show(map[string]any{"import": messageJSON(out.Import), "omissions": messagesJSON(omissions)}, func(w io.Writer) {
			printImport(w, out.Import, omissions)
			for _, o := range omissions {
				fmt.Fprintf(w, "    %s %s %q: %s\n", o.Kind, orDash(o.SourceId), clip(o.Label, 60), o.Reason)
			}
		})
	})
}
