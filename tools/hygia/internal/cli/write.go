package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/article"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

// entryFlags say what an entry has beside its body.
type entryFlags struct {
	title, slug, excerpt, format, kind, language string
	authors, categories, tags                    []string
}

func (f *entryFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.title, "title", "", "the title, where it is not the first heading")
	c.Flags().StringVar(&f.slug, "slug", "", "the last part of its address (default: from the title)")
	c.Flags().StringVar(&f.excerpt, "excerpt", "", "the summary")
	c.Flags().StringVar(&f.format, "format", "", "text, markdown or html (default: by the file's name)")
	c.Flags().StringVar(&f.kind, "kind", "post", "post or page")
	c.Flags().StringVar(&f.language, "language", "pt-BR", "language, BCP 47")
	c.Flags().StringArrayVar(&f.authors, "author-id", nil, "an author's `ID`; may be repeated")
	c.Flags().StringArrayVar(&f.categories, "category-id", nil, "a category's `ID`; may be repeated")
	c.Flags().StringArrayVar(&f.tags, "tag-id", nil, "a tag's `ID`; may be repeated")
}

// content reads the file into what an entry holds. A heading that became the
// title of an HTML article stays in its body.
func (a *app) content(name string, f entryFlags) (*contentv1.EntryContent, error) {
	kind := documentv1.EntryKind(documentv1.EntryKind_value["ENTRY_KIND_"+constant(f.kind)])
	if kind == 0 {
		return nil, usage("--kind %q is neither post nor page", f.kind)
	}
	text, err := a.readInput(name, article.MaxSize)
	if err != nil {
		return nil, err
	}
	read, err := validateFlags{title: f.title, format: f.format, language: f.language}.read(name, text)
	if err != nil {
		return nil, usage("%s: %w", name, err)
	}
	if read.Document.Title == "" {
		return nil, usage("%s has no heading: give a title with --title", name)
	}
	return &contentv1.EntryContent{
		Kind: kind, Language: f.language, Slug: f.slug, Title: read.Document.Title, Excerpt: f.excerpt,
		Body: read.Document.Body, AuthorIds: f.authors, CategoryIds: f.categories, TagIds: f.tags,
	}, nil
}

func (a *app) contentCreate() *cobra.Command {
	var f entryFlags
	c := a.command(&cobra.Command{
		Use: "create FILE|-", Short: "Makes a draft from a file",
		Long:    "Makes a draft of an article, written as text, Markdown or HTML (also as WordPress\nblocks).\n\nJSON: Entry, as in the API.",
		Example: `  hygia content create artigo.md --excerpt "O que fazer na crise."`, Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error {
		content, err := a.content(args[0], f)
		if err != nil {
			return err
		}
		client, err := a.client(asEditor)
		if err != nil {
			return err
		}
		out := &contentv1.CreateEntryResponse{}
		if err := client.Call(ctx, http.MethodPost, "/v1/entries", &contentv1.CreateEntryRequest{Content: content}, out); err != nil {
			return err
		}
		return a.show(out.Entry, func(w io.Writer) { printOutcome(w, out.Entry) })
	})
	f.add(c)
	return c
}

func (a *app) contentUpdate() *cobra.Command {
	var f entryFlags
	var base int32
	c := a.command(&cobra.Command{
		Use: "update ID FILE|-", Short: "Saves a new revision from a file",
		Long: `Replaces an entry's content and takes it back to a draft. What a flag does not say
stays as it is. Somebody else's change since --base is never overwritten.

JSON: Entry, as in the API.`,
		Example: "  hygia content update ID artigo.md", Args: cobra.ExactArgs(2),
	}, func(ctx context.Context, args []string) error {
		client, err := a.client(asEditor)
		if err != nil {
			return err
		}
		return a.runUpdate(ctx, client, args[0], args[1], f, base)
	})
	c.ValidArgsFunction = func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 1 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return a.completeEntries(c, args, word)
	}
	f.add(c)
	c.Flags().Int32Var(&base, "base", 0, "the revision that you changed (default: the newest)")
	return c
}

func (a *app) runUpdate(ctx context.Context, client *rest.Client, id, name string, f entryFlags, base int32) error {
	before, err := a.getEntry(ctx, client, id)
	if err != nil {
		return err
	}
	content, err := a.content(name, f)
	if err != nil {
		return err
	}
	old := before.Content
	content.Kind = old.GetKind()
	for _, field := range []struct{ now, was *string }{{&content.Slug, &old.Slug}, {&content.Excerpt, &old.Excerpt}} {
		if *field.now == "" {
			*field.now = *field.was
		}
	}
	for _, field := range []struct{ now, was *[]string }{{&content.AuthorIds, &old.AuthorIds}, {&content.CategoryIds, &old.CategoryIds}, {&content.TagIds, &old.TagIds}} {
		if len(*field.now) == 0 {
			*field.now = *field.was
		}
	}
	if base == 0 {
		base = before.Revision
	}
	out := &contentv1.UpdateEntryResponse{}
	if err := client.Call(ctx, http.MethodPut, entryPath(id), &contentv1.UpdateEntryRequest{Content: content, BaseRevision: base}, out); err != nil {
		return err
	}
	return a.show(out.Entry, func(w io.Writer) { printOutcome(w, out.Entry) })
}

func (a *app) contentValidate() *cobra.Command {
	return a.entryCommand(&cobra.Command{
		Use: "validate ID", Short: "Checks an entry against the rules",
		Long:    "Runs the validators over an entry's newest revision. The exit code is 5 when a\nfinding is of severity error.\n\nJSON: ValidateEntryResponse, as in the API.",
		Example: "  hygia content validate 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f",
	}, asEditor, func(ctx context.Context, client *rest.Client, id string) error {
		out := &contentv1.ValidateEntryResponse{}
		if err := client.Call(ctx, http.MethodPost, entryPath(id, "/validate"), &contentv1.ValidateEntryRequest{}, out); err != nil {
			return err
		}
		failed := false
		err := a.show(out, func(w io.Writer) {
			for _, f := range out.Findings {
				fmt.Fprintf(w, "%s %s: %s\n    = %s\n", enum(f.Severity, "SEVERITY_"), f.Rule, f.Message, f.Advice)
			}
			fmt.Fprintf(w, "revision %d: %s\n", out.Revision, plural(len(out.Findings), "finding", "findings"))
		})
		for _, f := range out.Findings {
			failed = failed || f.Severity == validationv1.Severity_SEVERITY_ERROR
		}
		if err == nil && failed {
			return codeError{ExitFindings, nil}
		}
		return err
	})
}
