package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
)

// maxPassword bounds a password, in bytes, as the suite does.
const maxPassword = 1024

func (a *app) loginCommand() *cobra.Command {
	var tenant, email string
	c := a.command(&cobra.Command{
		Use:   "login",
		Short: "Signs in, and keeps the token for this suite",
		Long: `Asks for the password, without showing it, and keeps the token that the suite
gives for a few hours, readable by you alone. Where nobody is at the terminal, the
password is read from standard input.

JSON: {"person": Person, "expireTime": "…"}; the token is not printed.`,
		Example: "  hygia login --tenant hospital-aurora --email ana@aurora.example", Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error { return a.runLogin(ctx, tenant, email) })
	c.Flags().StringVar(&tenant, "tenant", "", "the organisation's short name")
	c.Flags().StringVar(&email, "email", "", "your e-mail address")
	require(c, "tenant")
	require(c, "email")
	return c
}

func (a *app) runLogin(ctx context.Context, tenant, email string) error {
	if a.env.ConfigDir == "" {
		return usage("there is no folder for your settings to keep a token in: set HOME or XDG_CONFIG_HOME")
	}
	t, err := a.where()
	if err != nil {
		return err
	}
	client, err := a.clientOf(t)
	if err != nil {
		return err
	}
	password, err := a.password("Password of " + email + ": ")
	if err != nil {
		return err
	}
	out := &accountsv1.LoginResponse{}
	request := &accountsv1.LoginRequest{Tenant: tenant, Email: email, Password: password}
	if err := client.Call(ctx, http.MethodPost, "/v1/login", request, out); err != nil {
		return err
	}
	logins, err := devenv.ReadLogins(a.loginsPath())
	if err != nil {
		return err
	}
	logins[t.url] = devenv.Login{Token: out.Token, Expire: out.ExpireTime.AsTime(), Person: out.Person.GetId()}
	if err := logins.Write(a.loginsPath()); err != nil {
		return fmt.Errorf("the token could not be kept: %w", err)
	}
	value := map[string]any{"person": messageJSON(out.Person), "expireTime": out.ExpireTime.AsTime().UTC().Format(time.RFC3339)}
	return a.show(value, func(w io.Writer) {
		fmt.Fprintf(w, "signed in to %s as %s, until %s UTC\n", t.url, out.Person.GetDisplayName(), when(out.ExpireTime))
	})
}

func (a *app) password(prompt string) (string, error) {
	if a.env.StdinTerminal {
		return a.env.ReadPassword(prompt)
	}
	text, err := io.ReadAll(io.LimitReader(a.env.Stdin, maxPassword+2))
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" || len(password) > maxPassword {
		return "", usage("want a password of 1 to %d bytes on standard input", maxPassword)
	}
	return password, nil
}

func readPassword(prompt string) (string, error) {
	fmt.Fprint(os.Stderr, prompt)
	text, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	if err == nil && len(text) == 0 {
		err = errors.New("no password was given")
	}
	return string(text), err
}
