package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

func (a *app) contentSign() *cobra.Command {
	var hash string
	c := a.entryCommand(&cobra.Command{
		Use: "sign ID [--hash sha256:…]", Short: "Signs off exactly what you read",
		Long: `Signs off an entry in review. A sign-off is bound to the hash of what was read: if
the entry has changed since, it is refused. At a terminal, the entry is shown first
and you are asked; a program says with --hash what it read, which
` + "`hygia content show`" + ` prints.

JSON: Entry, as in the API.`,
		Example: "  hygia content sign ID\n  hygia content sign ID --hash sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
	}, asReviewer, func(ctx context.Context, client *rest.Client, id string) error {
		if hash == "" {
			var err error
			if hash, err = a.readAndAgree(ctx, client, id); err != nil {
				return err
			}
		}
		out := &contentv1.SignEntryResponse{}
		if err := client.Call(ctx, http.MethodPost, entryPath(id, "/sign"), &contentv1.SignEntryRequest{ContentHash: hash}, out); err != nil {
			return err
		}
		return a.show(out.Entry, func(w io.Writer) { printOutcome(w, out.Entry) })
	})
	c.Flags().StringVar(&hash, "hash", "", "the hash of what you read")
	return c
}

// readAndAgree shows the whole entry to a person, and gives its hash once they
// agree to sign it.
func (a *app) readAndAgree(ctx context.Context, client *rest.Client, id string) (string, error) {
	if !a.env.StdinTerminal {
		return "", usage("say with --hash what you read; `hygia content show %s` prints the hash", id)
	}
	entry, err := a.getEntry(ctx, client, id)
	if err != nil {
		return "", err
	}
	printEntry(a.env.Stderr, entry, true)
	fmt.Fprint(a.env.Stderr, "\nSign off exactly this, under your name and registration? [yes/no] ")
	answer, err := bufio.NewReader(io.LimitReader(a.env.Stdin, 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if strings.TrimSpace(strings.ToLower(answer)) != "yes" {
		return "", codeError{ExitRefused, errors.New("not signed: the answer was not yes")}
	}
	return entry.ContentHash, nil
}
