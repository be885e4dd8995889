package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
)

func (a *app) auditCommand() *cobra.Command {
	return a.group(&cobra.Command{Use: "audit", Short: "Reads and proves the record of every access"},
		a.auditList(), a.auditVerify())
}

type auditFilter struct {
	person, object, method, since, until string
	limit                                int
}

func (a *app) auditList() *cobra.Command {
	var f auditFilter
	c := a.command(&cobra.Command{
		Use: "list", Short: "Lists accesses, newest first",
		Long:    "Lists what was done in your organisation, newest first.\n\nJSON: {\"events\": [LoggedEvent]}, as in the API.",
		Example: "  hygia audit list --limit 20\n  hygia audit list --object 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f --since 2026-07-01", Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error {
		query, err := f.query()
		if err != nil {
			return err
		}
		client, err := a.client(asAuditor)
		if err != nil {
			return err
		}
		var all []*auditv1.LoggedEvent
		err = rest.Pages(ctx, func(token string) (string, error) {
			query.Set("pageToken", token)
			out := &auditv1.ListEventsResponse{}
			err := client.Call(ctx, http.MethodGet, "/v1/audit/events?"+query.Encode(), nil, out)
			all = append(all, out.Events...)
			if f.limit > 0 && len(all) >= f.limit {
				all = all[:f.limit]
				return "", err
			}
			return out.NextPageToken, err
		})
		if err != nil {
			return err
		}
		return a.show(map[string]any{"events": messagesJSON(all)}, func(w io.Writer) { printEvents(w, all) })
	})
	c.Flags().StringVar(&f.person, "person", "", "only of the person of this `ID`")
	c.Flags().StringVar(&f.object, "object", "", "only what touched the object of this `ID`")
	c.Flags().StringVar(&f.method, "method", "", "only of this full method, such as /hygia.content.v1.ContentService/GetEntry")
	c.Flags().StringVar(&f.since, "since", "", "only from this day or RFC 3339 `TIME` on")
	c.Flags().StringVar(&f.until, "until", "", "only before this day or RFC 3339 `TIME`")
	c.Flags().IntVar(&f.limit, "limit", 50, "at most so many; 0 for all")
	return c
}

func (f auditFilter) query() (url.Values, error) {
	size := 500
	if f.limit > 0 {
		size = min(f.limit, size)
	}
	query := url.Values{"pageSize": {fmt.Sprint(size)}}
	for key, value := range map[string]string{"person": f.person, "object": f.object, "method": f.method} {
		if value != "" {
			query.Set(key, value)
		}
	}
	for key, value := range map[string]string{"since": f.since, "until": f.until} {
		if value == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			if t, err = time.Parse(time.DateOnly, value); err != nil {
				return nil, usage("--%s %q: want a day such as 2026-07-01, or a time such as 2026-07-01T08:00:00-03:00", key, value)
			}
		}
		query.Set(key, t.UTC().Format(time.RFC3339Nano))
	}
	return query, nil
}

func printEvents(w io.Writer, events []*auditv1.LoggedEvent) {
	var rows [][]string
	for _, l := range events {
		e := l.Event
		var objects []string
		for _, o := range e.GetObjects() {
			objects = append(objects, o.Kind+" "+o.Id)
		}
		rows = append(rows, []string{fmt.Sprint(l.Index), e.GetTime(), path.Base(e.GetMethod()), enum(e.GetPhase(), "PHASE_"),
			enum(e.GetOutcome(), "OUTCOME_"), orDash(e.GetPerson()), orDash(e.GetPurpose()), clip(orDash(strings.Join(objects, ", ")), 60)})
	}
	table(w, []string{"INDEX", "TIME", "METHOD", "PHASE", "OUTCOME", "PERSON", "PURPOSE", "OBJECTS"}, rows)
}

type verifyFlags struct {
	key, state, event string
	again             bool
}

func (a *app) auditVerify() *cobra.Command {
	var f verifyFlags
	c := a.command(&cobra.Command{
		Use: "verify", Short: "Proves the audit log from the outside",
		Long: `Proves, with the log's public key and nothing else of the suite's, that the audit
log is what it says: the checkpoint's signature, each event's leaf and its place in
the Merkle tree (RFC 6962), and that the log has only grown since this command last
looked, which a file of its own remembers. It reports events that are withheld or
differ from what was logged, and changes that were announced and never ended.

Events that an earlier run proved, and that are still listed as they were, are not
proved again: each proof is an access, and is logged too. --again proves them all.
The exit code is 5 when something does not hold; the report names each event.

JSON: {"verified": true, "origin": "…", "size": 120, "root": "…", "previousSize": 80,
"finalSize": 121, "proofs": 40, "later": 0, "failures": [{"check": "inclusion",
"event": "ID", "index": 7, "message": "…"}], "openIntents": [Event], "events": [Event]},
where Event has index, id, accessId, time, service, method, action, phase, outcome,
status, person, purpose, objects.`,
		Example: "  hygia audit verify\n  hygia audit verify --key \"$(cat log.pub)\" --event 0197f0c1-8d2e-7cc3-98c4-dc0c0c07398f", Args: cobra.NoArgs,
	}, func(ctx context.Context, _ []string) error { return a.runVerify(ctx, f) })
	c.Flags().StringVar(&f.key, "key", "", "the log's verifier `KEY` (default $HYGIA_AUDIT_KEY, or of .hygia/dev.env)")
	c.Flags().StringVar(&f.state, "state", "", "`FILE` that remembers the last run (default: in your settings' folder)")
	c.Flags().StringVar(&f.event, "event", "", "prove only the event of this `ID`")
	c.Flags().BoolVar(&f.again, "again", false, "prove also what an earlier run proved")
	return c
}

// verifyWorkers is how many proofs are fetched at once.
const verifyWorkers = 8

func (a *app) runVerify(ctx context.Context, f verifyFlags) error {
	t, err := a.target(asAuditor)
	if err != nil {
		return err
	}
	key := a.auditKey(f.key, t)
	if key == "" {
		return usage("no key to verify with: give --key or HYGIA_AUDIT_KEY, got from the operator by another way than from this suite")
	}
	client, err := a.clientOf(t)
	if err != nil {
		return err
	}
	statePath := a.statePath(f.state, t, key)
	if statePath == "" {
		return usage("there is no folder for your settings to remember this run in: name a file with --state")
	}
	state, err := verify.LoadState(statePath)
	if err != nil {
		return err
	}
	bar := a.progress("proving", false)
	report, next, err := verify.Run(ctx, verify.REST(client), verify.Options{
		Key: key, Event: f.event, State: state, Again: f.again, Workers: verifyWorkers,
		Progress: func(done, total int) { bar.set(int64(done), int64(total)) },
	})
	bar.end()
	if err != nil {
		return err
	}
	if report.Verified {
		if err := next.Save(statePath); err != nil {
			return err
		}
	}
	if err := a.show(report, func(w io.Writer) { printReport(w, report) }); err != nil {
		return err
	}
	if !report.Verified {
		return codeError{ExitFindings, nil}
	}
	return nil
}

func (a *app) auditKey(flag string, t target) string {
	if flag != "" {
		return strings.TrimSpace(flag)
	}
	if key := a.env.Getenv(devenv.AuditKey); key != "" {
		return key
	}
	if sameSuite(t.url, t.dev.Values[devenv.URL]) {
		return t.dev.Values[devenv.AuditKey]
	}
	return ""
}

// statePath is the file that remembers the last run: one for each log.
func (a *app) statePath(flag string, t target, key string) string {
	if flag != "" {
		return a.path(flag)
	}
	sum := sha256.Sum256([]byte(key))
	name := "audit-" + hex.EncodeToString(sum[:8]) + ".json"
	if t.dev.Path != "" && sameSuite(t.url, t.dev.Values[devenv.URL]) {
		return filepath.Join(filepath.Dir(t.dev.Path), name)
	}
	if a.env.ConfigDir == "" {
		return ""
	}
	return filepath.Join(a.env.ConfigDir, name)
}

func printReport(w io.Writer, r verify.Report) {
	if r.Verified {
		fmt.Fprintf(w, "verified: %s\n", r.Origin)
	} else {
		fmt.Fprintf(w, "NOT VERIFIED: %s\n", orDash(r.Origin))
	}
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "  %-12s "+format+"\n", append([]any{label}, args...)...)
	}
	line("tree", "%s, root %s", plural(int(r.Size), "leaf", "leaves"), orDash(r.Root))
	if r.PreviousSize > 0 {
		line("grew from", "%d leaves at the last look, and to %d while it was read", r.PreviousSize, r.FinalSize)
	}
	line("included", "%s, %d of them proved now", plural(len(r.Events), "event", "events"), r.Proofs)
	for _, e := range r.OpenIntents {
		line("no outcome", "%s at %d: %s, %s", e.ID, e.Index, path.Base(e.Method), e.Time)
	}
	for _, f := range r.Failures {
		where := ""
		if f.Index != nil {
			where = fmt.Sprintf(" event %s at %d:", orDash(f.Event), *f.Index)
		}
		line("FAILED", "%s:%s %s", f.Check, where, f.Message)
	}
}
