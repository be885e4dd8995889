package pluginhost

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/internal/folder"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// What the audit log calls what happens to plugins without a request of its own.
const (
	methodLoad   = "/hygia.plugin.v1.PluginService/Load"   // a plugin was granted what it imports, or refused
	methodRun    = "/hygia.plugin.v1.PluginService/Run"    // a call of a plugin failed, or was denied something
	methodSend   = "/hygia.plugin.v1.PluginService/Send"   // a plugin's request went to a host, or did not
	methodChange = "/hygia.plugin.v1.PluginService/Change" // the supervisor took a plugin out, or back in
)

// recordTime is how long a load or a failed call waits for its record.
const recordTime = 3 * time.Second

// recorder writes what happens to plugins into the audit log. It is plugin.Events.
type recorder struct {
	log    audit.Log
	self   string
	logger *slog.Logger
	clock  func() time.Time
	ids    func() string

	journal *journal
	outbox  *audit.Outbox
	done    sync.WaitGroup
	cancel  context.CancelFunc
}

// newRecorder takes up what an earlier process could not hand over; stop lets
// another one do so.
func newRecorder(o rpc.ServerOptions, self, dataDir string) (*recorder, error) {
	files, err := folder.Open(filepath.Join(dataDir, journalFolder))
	if err != nil {
		return nil, fmt.Errorf("pluginhost: %w", err)
	}
	r := &recorder{log: o.Audit, self: self, logger: o.Telemetry.Logger, clock: o.Clock, ids: o.IDs}
	r.journal, err = openJournal(journalOptions{Disk: files, Logger: r.logger, Damaged: r.damaged, Full: r.full})
	if err != nil {
		return nil, err
	}
	r.outbox = audit.NewOutbox(r.journal, o.Audit, r.logger, r.clock)
	return r, nil
}

// damaged says that the record of this id was kept and cannot be read. The log may
// have that one, where it was handed over just before.
func (r *recorder) damaged(id string) *auditv1.Event {
	return r.event(context.Background(), methodChange, auditv1.Outcome_OUTCOME_FAILURE, "DATA_LOSS",
		objects("event", id, "cause", "record damaged"))
}

// full says that changes after this one may be missing.
func (r *recorder) full() *auditv1.Event {
	return r.event(context.Background(), methodChange, auditv1.Outcome_OUTCOME_FAILURE, "RESOURCE_EXHAUSTED",
		objects("cause", "too many records wait"))
}

// Record implements plugin.Events. It returns when the log has the event: nothing
// is loaded, and no failure told, of which there is no record.
func (r *recorder) Record(ctx context.Context, e plugin.Event) error {
	method, outcome, status := methodRun, auditv1.Outcome_OUTCOME_FAILURE, "INTERNAL"
	switch e.Kind {
	case plugin.EventLoaded:
		method, outcome, status = methodLoad, auditv1.Outcome_OUTCOME_SUCCESS, "OK"
	case plugin.EventRefused:
		method, outcome, status = methodLoad, auditv1.Outcome_OUTCOME_REFUSED, "PERMISSION_DENIED"
	case plugin.EventLimited, plugin.EventDropped:
		status = "RESOURCE_EXHAUSTED"
	case plugin.EventWithheld:
		outcome, status = auditv1.Outcome_OUTCOME_REFUSED, "PERMISSION_DENIED"
	case plugin.EventSent:
		method, outcome, status = methodSend, auditv1.Outcome_OUTCOME_SUCCESS, "OK"
	case plugin.EventDenied:
		method, outcome, status = methodSend, auditv1.Outcome_OUTCOME_REFUSED, "PERMISSION_DENIED"
	case plugin.EventUnanswered:
		method, status = methodSend, "UNAVAILABLE"
	}
	name, version, _ := strings.Cut(e.Plugin, "@")
	objects := objects("plugin", name, "plugin_version", version, "digest", e.Digest,
		"import", e.Import, "function", e.Function, "host", e.Host, "cause", e.Cause)
	for _, grant := range e.Grants {
		objects = append(objects, object("grant", grant))
	}
	event := r.event(ctx, method, outcome, status, objects)
	ahead := method == methodRun && e.Function == "" && e.Kind != plugin.EventDropped
	if ahead { // no call tells of it
		r.logger.WarnContext(ctx, "an instance that was to be kept ready did not start", "component", e.Plugin, "error_message", e.Cause)
	}
	bounded, cancel := context.WithTimeout(rpc.WithToken(ctx, ""), recordTime)
	defer cancel()
	switch err := r.log.Append(bounded, event); {
	case err != nil && ahead:
		r.keep(e.Plugin, event)
	case err != nil:
		return rpc.ErrAuditUnavailable.Wrap(fmt.Errorf("pluginhost: %w", err))
	}
	return nil
}

// notify records a change that nobody asked for; what a person asked for, the
// server's gate records. It returns when the record survives this process, which
// takes neither the log nor the disk: a call may be waiting for it. Where the
// record cannot be kept, the change stands: it takes a plugin out that fails, or
// lets it in again, and holding it back would record nothing either.
func (r *recorder) notify(e supervisor.Event) {
	r.logger.Info("a plugin changed", "component", e.Plugin, "phase", string(e.Kind), "error_message", e.Cause)
	if e.Cause == "" {
		return
	}
	outcome, status := auditv1.Outcome_OUTCOME_FAILURE, "ABORTED"
	if e.Kind == supervisor.EventMended {
		outcome, status = auditv1.Outcome_OUTCOME_SUCCESS, "OK"
	}
	event := r.event(context.Background(), methodChange, outcome, status, objects(
		"plugin", e.Plugin, "plugin_version", e.Version, "plugin_state", string(e.Kind), "cause", e.Cause))
	r.keep(e.Plugin, event)
}

// keep keeps an event for the log, where nobody waits for it.
func (r *recorder) keep(plugin string, event *auditv1.Event) {
	if err := r.journal.put(event); err != nil {
		r.logger.Error("what happened to a plugin was not recorded", "component", plugin, telemetry.Err(err))
	}
}

// event is the outcome of something that this service did. Where a person's call
// caused it, it names them.
func (r *recorder) event(ctx context.Context, method string, outcome auditv1.Outcome, status string, objects []*auditv1.Object) *auditv1.Event {
	e := &auditv1.Event{
		Id: r.ids(), AccessId: r.ids(), Time: r.clock().UTC().Format(audit.TimeFormat),
		Service: r.self, Peer: r.self, Method: method, Action: auditv1.Action_ACTION_EXECUTE,
		Phase: auditv1.Phase_PHASE_OUTCOME, Outcome: outcome, Status: status,
	}
	if person, ok := actor.From(ctx); ok {
		e.Tenant, e.Person, e.Purpose = person.Tenant, person.Person, string(person.Purpose)
		for _, role := range person.Roles {
			e.Roles = append(e.Roles, string(role))
		}
	}
	for _, o := range objects {
		if audit.ValidateObject(o.GetKind(), o.GetId()) == nil {
			e.Objects = append(e.Objects, o)
		}
	}
	return e
}

// objects makes the objects of pairs of kinds and ids; those without an id are
// left out.
func objects(pairs ...string) (objects []*auditv1.Object) {
	for pair := range slices.Chunk(pairs, 2) {
		if kind, id := pair[0], pair[1]; id != "" {
			objects = append(objects, object(kind, id))
		}
	}
	return objects
}

// unfit is what the log takes in no id.
var unfit = regexp.MustCompile(`[^A-Za-z0-9._:/+=-]+`)

// object names what the log is to know. The log's ids have neither spaces nor at
// signs: "hygia:host/log@0.1.0#write" is "hygia:host/log-0.1.0-write" there.
func object(kind, id string) *auditv1.Object {
	id = strings.Trim(unfit.ReplaceAllString(id, "-"), "-")
	return &auditv1.Object{Kind: kind, Id: id[:min(len(id), 128)]}
}

// start begins to hand over the records of changes, those of an earlier process
// first.
func (r *recorder) start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.done.Go(func() { _ = r.outbox.Run(ctx) }) // it logs what fails
}

// stop hands over what waits, as long as ctx allows, and ends. What the log does
// not take is handed over by the next process.
func (r *recorder) stop(ctx context.Context) {
	defer r.journal.close()
	r.cancel()
	r.done.Wait()
	if err := r.outbox.Flush(ctx); err != nil {
		r.logger.ErrorContext(ctx, "changes of plugins wait for the audit log until the next start", telemetry.Err(err))
	}
}
