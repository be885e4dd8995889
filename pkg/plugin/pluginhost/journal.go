package pluginhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/plugin/internal/folder"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// journalFolder is the folder of records that the log does not have yet, in a
// service's data folder.
const journalFolder = "plugin-events"

const (
	// maxWaiting is how many records may wait for the log.
	maxWaiting = 256
	recorded   = ".event"
)

// journal keeps records until the log has them, each in a file of its own. It is
// an audit.OutboxStore.
type journal struct {
	files folder.Folder

	mu      sync.Mutex
	waiting []record // oldest first
	serial  uint64   // of the newest
}

// record is one that waits; its file is named by both, so that the order of names
// is that of writing.
type record struct {
	serial uint64
	id     string
}

func (r record) name() string { return fmt.Sprintf("%020d-%s%s", r.serial, r.id, recorded) }

// openJournal finds what an earlier process left.
func openJournal(path string) (*journal, error) {
	files, err := folder.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pluginhost: %w", err)
	}
	names, err := files.List()
	if err != nil {
		return nil, fmt.Errorf("pluginhost: %w", err)
	}
	j := &journal{files: files}
	for _, name := range names {
		var r record
		if rest, ok := strings.CutSuffix(name, recorded); ok {
			if n, _ := fmt.Sscanf(rest, "%020d-%s", &r.serial, &r.id); n == 2 && r.name() == name {
				j.waiting, j.serial = append(j.waiting, r), max(j.serial, r.serial)
				continue
			}
		}
		if err := files.Remove(name); err != nil { // it was never whole
			return nil, fmt.Errorf("pluginhost: %w", err)
		}
	}
	slices.SortFunc(j.waiting, func(a, b record) int { return cmp.Compare(a.serial, b.serial) })
	return j, nil
}

// put makes a record durable.
func (j *journal) put(event *auditv1.Event) error {
	data, err := proto.Marshal(event)
	if err != nil {
		return fmt.Errorf("pluginhost: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) == maxWaiting {
		return fmt.Errorf("pluginhost: %d records wait for the audit log already", maxWaiting)
	}
	r := record{j.serial + 1, event.GetId()}
	if err := j.files.Write("new", data); err != nil {
		return fmt.Errorf("pluginhost: %w", err)
	}
	if err := j.files.Rename("new", r.name()); err != nil {
		return fmt.Errorf("pluginhost: %w", err)
	}
	j.serial, j.waiting = r.serial, append(j.waiting, r)
	if err := j.files.Sync(); err != nil {
		return fmt.Errorf("pluginhost: %w", err)
	}
	return nil
}

// Pending implements audit.OutboxStore.
func (j *journal) Pending(ctx context.Context, limit int) ([]*auditv1.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var events []*auditv1.Event
	for _, r := range j.waiting[:min(limit, len(j.waiting))] {
		data, err := j.files.Read(r.name(), audit.MaxEventBytes)
		event := &auditv1.Event{}
		if err := errors.Join(ctx.Err(), err, proto.Unmarshal(data, event)); err != nil {
			return nil, fmt.Errorf("pluginhost: a record that waits for the audit log: %w", err)
		}
		events = append(events, event)
	}
	return events, nil
}

// Delivered implements audit.OutboxStore.
func (j *journal) Delivered(_ context.Context, ids []string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	j.waiting = slices.DeleteFunc(j.waiting, func(r record) bool {
		if !slices.Contains(ids, r.id) {
			return false
		}
		err := j.files.Remove(r.name())
		errs = append(errs, err)
		return err == nil
	})
	return errors.Join(append(errs, j.files.Sync())...)
}
