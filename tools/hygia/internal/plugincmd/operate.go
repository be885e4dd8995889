package plugincmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
)

// packageType is what the gateway takes a package as.
const packageType = "application/vnd.hygia.plugin.v1.tar"

// services host plugins.
func services() []string { return []string{"anonymization", "audit", "content", "validation"} }

// serviceFlag adds --service, which need not be said where a hook tells.
func serviceFlag(c *cobra.Command, service *string) {
	c.Flags().StringVar(service, "service", "", "the `SERVICE`: "+strings.Join(services(), ", "))
	complete := cobra.FixedCompletions(services(), cobra.ShellCompDirectiveNoFileComp)
	if err := c.RegisterFlagCompletionFunc("service", complete); err != nil {
		panic(err) // of an option that does not exist, which every test would meet
	}
}

func path(service string, more ...string) string {
	out := "/v1/services/" + url.PathEscape(service) + "/plugins"
	for _, part := range more {
		out += "/" + url.PathEscape(part)
	}
	return out
}

func (e Env) installCommand() *cobra.Command {
	var service, credentials string
	var canary int
	var c *cobra.Command
	c = e.Command(&cobra.Command{
		Use:   "install [FILE|REFERENCE]",
		Short: "Installs a signed package into a running suite",
		Long: `Installs a signed package: a file that ` + "`sign`" + ` wrote, by default that of the project
in the working folder, or a reference by digest to an OCI registry, as ` + "`push`" + ` prints
it. The service verifies it against the keys that its operator trusts, before anything
of it runs, and swaps it in without a failed request. With --canary it gets that share
of the calls until it is promoted, and is taken back where it fails.

JSON: Plugin, as in the API.`,
		Example: `  hygia plugin install
  hygia plugin install claim-words-0.2.0.tar --canary 10
  hygia plugin install registry.example.org/plugins/claim-words@sha256:…`,
		Args: cobra.MaximumNArgs(1),
	}, func(ctx context.Context, args []string) error {
		if c.Flags().Changed("canary") && (canary < 1 || canary > 99) {
			return e.Usage("--canary: want a share of the calls, 1 to 99 per cent")
		}
		pkg, err := e.packageFrom(ctx, args, credentials)
		if err != nil {
			return err
		}
		return e.runInstall(ctx, pkg, service, canary)
	})
	serviceFlag(c, &service)
	c.Flags().IntVar(&canary, "canary", 0, "the share of the calls, in per cent, that it gets at first")
	c.Flags().StringVar(&credentials, "credentials", "", "a `FILE` of logins to registries, as container tools write it")
	return c
}

// packageFrom reads a package from its file, or from a registry where there is no
// such file.
func (e Env) packageFrom(ctx context.Context, args []string, credentials string) (*artifact.Package, error) {
	if len(args) == 0 {
		return e.packageOf(nil)
	}
	_, err := os.Stat(e.path(args[0]))
	if err != nil && strings.Contains(args[0], "/") && !strings.HasSuffix(args[0], ".tar") {
		return e.pull(ctx, args[0], credentials)
	}
	return e.packageOf(args)
}

// pull fetches a package by its digest. A tag is refused, with what to say in its
// place: a registry can make it name another package.
func (e Env) pull(ctx context.Context, reference, credentials string) (*artifact.Package, error) {
	pkg, err := artifact.Pull(ctx, reference, artifact.Registry{Credentials: e.credentials(credentials)})
	if err != nil || strings.Contains(reference, "@") {
		return pkg, err
	}
	name := reference[:strings.LastIndexByte(reference, ':')]
	return nil, e.Usage("%s goes by a tag, which a registry can move: compare with what `hygia plugin push` printed, and install %s@%s",
		reference, name, pkg.Digest())
}

func (e Env) runInstall(ctx context.Context, pkg *artifact.Package, service string, canary int) error {
	if service == "" {
		for _, export := range pkg.Manifest().Exports {
			if hook, ok := contract.Of(export); ok {
				service = hook.Service
			}
		}
	}
	if service == "" {
		return e.Usage("the package's exports are no hook's of this suite: name the --service")
	}
	var file bytes.Buffer
	if err := pkg.Write(&file); err != nil {
		return err
	}
	client, err := e.Client()
	if err != nil {
		return err
	}
	target := path(service)
	if canary > 0 {
		target += fmt.Sprintf("?canaryPercent=%d", canary)
	}
	out := &pluginv1.InstallPluginResponse{}
	if err := client.Upload(ctx, target, packageType, &file, int64(file.Len()), out); err != nil {
		return err
	}
	return e.showPlugin(service, out.Plugin)
}

func (e Env) showPlugin(service string, p *pluginv1.Plugin) error {
	return e.Show(p, func(w io.Writer) { e.printPlugins(w, []hosted{{service, p}}) })
}

// hosted is a plugin with its service.
type hosted struct {
	service string
	plugin  *pluginv1.Plugin
}

func (e Env) printPlugins(w io.Writer, plugins []hosted) {
	var rows [][]string
	for _, h := range plugins {
		p := h.plugin
		state := strings.ToLower(strings.TrimPrefix(p.GetState().String(), "PLUGIN_STATE_"))
		if p.GetProblem() != "" {
			state += ": " + p.GetProblem()
		}
		canary := "-"
		if c := p.GetCanary(); c != nil {
			canary = fmt.Sprintf("%s (%d %%)", c.GetVersion(), p.GetCanaryPercent())
		}
		rows = append(rows, []string{
			p.GetName(), h.service, state, orDash(p.GetCurrent().GetVersion()), canary, orDash(p.GetPrevious().GetVersion()),
			signer(p), fmt.Sprint(p.GetCalls()), fmt.Sprint(p.GetFailures()),
		})
	}
	e.Table(w, []string{"PLUGIN", "IN", "STATE", "VERSION", "CANARY", "BEFORE", "SIGNED BY", "CALLS", "FAILED"}, rows)
	for _, h := range plugins {
		if v := h.plugin.GetNewerEmbeddedVersion(); v != "" {
			_, _ = fmt.Fprintf(w, "newer embedded %s available: hygia plugin remove %s --service %s uses it\n", v, h.plugin.GetName(), h.service)
		}
	}
}

func signer(p *pluginv1.Plugin) string {
	if p.GetEmbedded() && p.GetCurrent().GetSigner() == "" {
		return "ships with it"
	}
	return orDash(p.GetCurrent().GetSigner())
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (e Env) listCommand() *cobra.Command {
	var service string
	c := e.Command(&cobra.Command{
		Use:   "list",
		Short: "Lists the plugins of a running suite, and how they fare",
		Long: `Lists the plugins of a running suite: their state, which release is live, on trial, or
there to go back to, who signed it, and how many of its calls failed.

JSON: {"SERVICE": [Plugin]}, as in the API.`,
		Example: "  hygia plugin list\n  hygia plugin list --service validation", Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error { return e.runList(ctx, service) })
	serviceFlag(c, &service)
	return c
}

func (e Env) runList(ctx context.Context, service string) error {
	client, err := e.Client()
	if err != nil {
		return err
	}
	names := services()
	if service != "" {
		names = []string{service}
	}
	lists := map[string]proto.Message{}
	var all []hosted
	for _, name := range names {
		out := &pluginv1.ListPluginsResponse{}
		if err := client.Call(ctx, http.MethodGet, path(name), nil, out); err != nil {
			return err
		}
		lists[name] = out
		for _, p := range out.Plugins {
			all = append(all, hosted{name, p})
		}
	}
	return e.Show(e.JSON(lists), func(w io.Writer) { e.printPlugins(w, all) })
}

// find gives the service that has a plugin, and the plugin.
func (e Env) find(ctx context.Context, service, name string) (hosted, error) {
	client, err := e.Client()
	if err != nil {
		return hosted{}, err
	}
	names := services()
	if service != "" {
		names = []string{service}
	}
	for _, s := range names {
		out := &pluginv1.ListPluginsResponse{}
		if err := client.Call(ctx, http.MethodGet, path(s), nil, out); err != nil {
			return hosted{}, err
		}
		for _, p := range out.Plugins {
			if p.Name == name {
				return hosted{s, p}, nil
			}
		}
	}
	return hosted{}, e.NotFound(fmt.Errorf("no service of the suite has a plugin %q: see `hygia plugin list`", name))
}

func (e Env) promoteCommand() *cobra.Command {
	var service string
	c := e.Command(&cobra.Command{
		Use:   "promote NAME",
		Short: "Gives the release that is on trial all calls",
		Long:  "Gives the release that is on trial, a canary, all calls.\n\nJSON: Plugin, as in the API.", Example: "  hygia plugin promote claim-words",
		Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error {
		h, err := e.find(ctx, service, args[0])
		if err != nil {
			return err
		}
		if h.plugin.Canary == nil {
			return e.Refused(fmt.Errorf("no release of %s is on trial", args[0]))
		}
		client, err := e.Client()
		if err != nil {
			return err
		}
		out := &pluginv1.PromotePluginResponse{}
		in := &pluginv1.PromotePluginRequest{Version: h.plugin.Canary.Version}
		if err := client.Call(ctx, http.MethodPost, path(h.service, args[0], "promote"), in, out); err != nil {
			return err
		}
		return e.showPlugin(h.service, out.Plugin)
	})
	serviceFlag(c, &service)
	return c
}

func (e Env) rollbackCommand() *cobra.Command {
	var service, version string
	c := e.Command(&cobra.Command{
		Use:   "rollback NAME",
		Short: "Goes back to the release before",
		Long: `Leaves a plugin's newest release: the one on trial ends, the live one gives way to the
one before it. With --version it does so only where that is the release in use, so
that repeating it changes nothing.

JSON: Plugin, as in the API.`,
		Example: "  hygia plugin rollback claim-words\n  hygia plugin rollback claim-words --version 0.2.0", Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error { return e.runRollback(ctx, service, args[0], version) })
	serviceFlag(c, &service)
	c.Flags().StringVar(&version, "version", "", "the `VERSION` to leave")
	return c
}

func (e Env) runRollback(ctx context.Context, service, name, version string) error {
	h, err := e.find(ctx, service, name)
	if err != nil {
		return err
	}
	if version == "" {
		version = h.plugin.GetCurrent().GetVersion()
		if h.plugin.Canary != nil {
			version = h.plugin.Canary.Version
		}
	}
	client, err := e.Client()
	if err != nil {
		return err
	}
	out := &pluginv1.RollbackPluginResponse{}
	if err := client.Call(ctx, http.MethodPost, path(h.service, name, "rollback"), &pluginv1.RollbackPluginRequest{Version: version}, out); err != nil {
		return err
	}
	return e.showPlugin(h.service, out.Plugin)
}

func (e Env) removeCommand() *cobra.Command {
	var service string
	c := e.Command(&cobra.Command{
		Use:   "remove NAME",
		Short: "Takes an installed plugin out of a running suite",
		Long: `Takes an installed plugin out of a running suite and forgets its releases. What ships
with a service cannot be removed; where it has the same name, it is used again.

JSON: {"removed": "name", "service": "…"}.`,
		Example: "  hygia plugin remove claim-words", Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error {
		h, err := e.find(ctx, service, args[0])
		if err != nil {
			return err
		}
		client, err := e.Client()
		if err != nil {
			return err
		}
		if err := client.Call(ctx, http.MethodDelete, path(h.service, args[0]), nil, &pluginv1.RemovePluginResponse{}); err != nil {
			return err
		}
		return e.Show(map[string]string{"removed": args[0], "service": h.service}, func(w io.Writer) {
			fmt.Fprintf(w, "%s is removed from %s\n", args[0], h.service)
		})
	})
	serviceFlag(c, &service)
	return c
}

func (e Env) logsCommand() *cobra.Command {
	var service string
	var lines int
	c := e.Command(&cobra.Command{
		Use:   "logs NAME",
		Short: "Shows when a plugin logged something, and how much",
		Long: `Shows the last lines that a plugin logged in a running suite: when, how grave and how
long, and never the text, which may hold a person's data. A plugin's author sees the
text with ` + "`hygia plugin test`" + `, where fixtures alone run.

JSON: GetPluginLogResponse, as in the API.`,
		Example: "  hygia plugin logs claim-words --lines 20", Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error { return e.runLogs(ctx, service, args[0], lines) })
	serviceFlag(c, &service)
	c.Flags().IntVar(&lines, "lines", 100, "at most so many lines, the newest; up to 1000")
	return c
}

func (e Env) runLogs(ctx context.Context, service, name string, lines int) error {
	if lines < 1 || lines > 1000 {
		return e.Usage("--lines: want 1 to 1000")
	}
	h, err := e.find(ctx, service, name)
	if err != nil {
		return err
	}
	client, err := e.Client()
	if err != nil {
		return err
	}
	out := &pluginv1.GetPluginLogResponse{}
	if err := client.Call(ctx, http.MethodGet, path(h.service, name, "log")+fmt.Sprintf("?pageSize=%d", lines), nil, out); err != nil {
		return err
	}
	return e.Show(out, func(w io.Writer) {
		var rows [][]string
		for _, line := range out.Lines {
			rows = append(rows, []string{
				line.GetTime().AsTime().UTC().Format(time.DateTime), strings.ToLower(strings.TrimPrefix(line.GetLevel().String(), "LOG_LEVEL_")),
				fmt.Sprint(line.GetBytes()), line.GetVersion(),
			})
		}
		e.Table(w, []string{"TIME (UTC)", "LEVEL", "BYTES", "VERSION"}, rows)
	})
}
