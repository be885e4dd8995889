package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	gatewayv1 "github.com/hygia-suite/hygia/proto/gen/hygia/gateway/v1"
)

func (a *app) statusCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use:   "status",
		Short: "Tells whether every service serves, and what it runs",
		Long: `Tells whether every service serves, since when, how long its certificate holds,
and which components it runs, on which engine. The exit code is 6 when one does not serve.

JSON: GetSuiteStatusResponse, as in the API.`,
		Example: "  hygia status", Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error {
		client, err := a.client(asAdmin)
		if err != nil {
			return err
		}
		out := &gatewayv1.GetSuiteStatusResponse{}
		if err := client.Call(ctx, http.MethodGet, "/v1/status", nil, out); err != nil {
			return err
		}
		if err := a.show(out, func(w io.Writer) { printStatus(w, client.URL(), out) }); err != nil {
			return err
		}
		if !out.Healthy {
			return codeError{ExitUnavailable, nil}
		}
		return nil
	})
}

func printStatus(w io.Writer, url string, out *gatewayv1.GetSuiteStatusResponse) {
	health := "every service serves"
	if !out.Healthy {
		health = "not every service serves"
	}
	fmt.Fprintf(w, "%s: %s\n\n", url, health)
	var rows [][]string
	for _, s := range out.Services {
		state := "serves"
		if !s.Serving {
			state = "down: " + clip(orDash(s.Problem), 60)
		}
		rows = append(rows, []string{s.Service, state, orDash(s.Status.GetVersion()), orDash(s.Status.GetEngine()), when(s.Status.GetStartTime()), when(s.Status.GetCertificateExpireTime())})
	}
	table(w, []string{"SERVICE", "STATE", "VERSION", "ENGINE", "SINCE (UTC)", "CERTIFICATE UNTIL"}, rows)
	rows = nil
	for _, s := range out.Services {
		for _, c := range s.Status.GetComponents() {
			rows = append(rows, []string{c.Name + "@" + c.Version, s.Service, orDash(c.State), clip(c.Digest, 19)})
		}
	}
	if rows != nil {
		fmt.Fprintln(w)
		table(w, []string{"COMPONENT", "IN", "STATE", "DIGEST"}, rows)
	}
}
