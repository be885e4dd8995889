package pluginhost

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/plugin/internal/folder"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// journalFolder is the folder of records that the log does not have yet, in a
// service's data folder.
const journalFolder = "plugin-events"

// The files of a journal, and how many of its records may wait for the log.
const (
	maxWaiting  = 256
	recorded    = ".event"   // a record that waits
	setAside    = ".damaged" // one that could not be read: kept for a person to look at
	newRecord   = "new"      // one that is being written
	newNote     = "note"     // one that takes a damaged one's place, likewise
	journalLock = "lock"
)

// Why a record is not taken.
var (
	errFull   = fmt.Errorf("pluginhost: %d records wait for the audit log already", maxWaiting)
	errClosed = errors.New("pluginhost: the records that wait for the audit log are closed")
)

// disk is a folder.
type disk interface {
	Read(name string, most int64) ([]byte, error)
	Put(name string, data []byte) (settle func() error, err error)
	Link(name, second string) error
	Rename(from, to string) error
	Sync() error
	Remove(name string) error
	List() ([]string, error)
	Lock(name string) (unlock func(), err error)
}

var _ disk = folder.Folder{}

// journalOptions are a journal's dependencies.
type journalOptions struct {
	Disk   disk
	Logger *slog.Logger
	// Damaged is the record that takes the place of the one of this id, which
	// cannot be read. Full is the one that takes the last place: from there on
	// records are missing.
	Damaged func(id string) *auditv1.Event
	Full    func() *auditv1.Event
}

// journal keeps records until the log has them, each in a file of its own, under
// its digest. It is an audit.OutboxStore, open in one process at a time.
type journal struct {
	o       journalOptions
	unlock  func()
	settled sync.WaitGroup
	handing sync.Mutex // held while records are handed over; taken before mu

	mu      sync.Mutex // never held while a disk is waited for
	closed  bool
	waiting []record // oldest first
	serial  uint64   // of the newest
	missing uint64   // records that were not taken
	damaged uint64   // records that could not be read
}

// record is one that waits. Its file is named by a serial number and the event's
// id, so that the order of names is that of writing; the one that takes a damaged
// record's place keeps its file's name and has an id of its own.
type record struct {
	serial   uint64
	file, id string
}

func newRecordOf(serial uint64, id string) record {
	return record{serial: serial, id: id, file: fmt.Sprintf("%020d-%s%s", serial, id, recorded)}
}

// openJournal finds what an earlier process left. It fails where another process
// has the journal open: both would hand over the same records, and number new ones
// alike.
func openJournal(o journalOptions) (*journal, error) {
	unlock, err := o.Disk.Lock(journalLock)
	if err != nil {
		return nil, fmt.Errorf("pluginhost: records that wait for the audit log: %w", err)
	}
	j := &journal{o: o, unlock: unlock}
	if err := j.find(); err != nil {
		unlock()
		return nil, fmt.Errorf("pluginhost: records that wait for the audit log: %w", err)
	}
	return j, nil
}

// find lists what waits. What is none of its files it leaves alone.
func (j *journal) find() error {
	names, err := j.o.Disk.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == newRecord || name == newNote { // never whole, so nobody was told that it is kept
			if err := j.o.Disk.Remove(name); err != nil {
				return err
			}
		}
		rest, ok := strings.CutSuffix(name, recorded)
		if !ok {
			continue
		}
		var serial uint64
		var id string
		if n, _ := fmt.Sscanf(rest, "%020d-%s", &serial, &id); n == 2 && newRecordOf(serial, id).file == name {
			j.waiting, j.serial = append(j.waiting, newRecordOf(serial, id)), max(j.serial, serial)
		}
	}
	slices.SortFunc(j.waiting, func(a, b record) int { return cmp.Compare(a.serial, b.serial) })
	return nil
}

// close lets another process open the journal; nothing is taken any more.
func (j *journal) close() {
	j.handing.Lock()
	defer j.handing.Unlock()
	j.mu.Lock()
	closed := j.closed
	j.closed = true
	j.mu.Unlock()
	if !closed {
		j.settled.Wait()
		j.unlock()
	}
}

// put takes a record: it survives a kill of this process from then on. It does not
// wait for the disk, since a call of a plugin may be what waits for put; so a
// machine that loses power within the milliseconds that the disk takes loses the
// record, together with the decision, which was this process's alone.
func (j *journal) put(event *auditv1.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.take(event)
	if err != nil {
		j.missing++
	}
	return err
}

func (j *journal) take(event *auditv1.Event) error {
	switch {
	case j.closed:
		return errClosed
	case len(j.waiting) >= maxWaiting:
		return errFull
	case len(j.waiting) == maxWaiting-1:
		return errors.Join(errFull, j.add(j.o.Full()))
	}
	return j.add(event)
}

func (j *journal) add(event *auditv1.Event) error {
	r := newRecordOf(j.serial+1, event.GetId())
	settle, err := j.write(newRecord, r.file, event)
	if err != nil {
		return fmt.Errorf("pluginhost: %w", err)
	}
	j.serial, j.waiting = r.serial, append(j.waiting, r)
	j.settled.Go(func() {
		if err := settle(); err != nil {
			j.o.Logger.Error("a record that waits for the audit log may not survive a loss of power", telemetry.Err(err))
		}
	})
	return nil
}

// write puts a record in a file, by way of another and in place of what was there;
// settle makes that durable.
func (j *journal) write(by, file string, event *auditv1.Event) (settle func() error, err error) {
	data, err := proto.Marshal(event)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	content, err := j.o.Disk.Put(by, append(digest[:], data...))
	if err != nil {
		return nil, err
	}
	if err := j.o.Disk.Rename(by, file); err != nil {
		return nil, errors.Join(err, content())
	}
	return func() error { return errors.Join(content(), j.o.Disk.Sync()) }, nil
}

// Pending implements audit.OutboxStore. Of a record that cannot be read it gives
// the one that says so.
func (j *journal) Pending(ctx context.Context, limit int) ([]*auditv1.Event, error) {
	j.handing.Lock()
	defer j.handing.Unlock()
	var events []*auditv1.Event
	var errs []error
	for i, r := range j.list() {
		if len(events) == limit {
			break
		}
		event, err := j.read(r.file)
		if err := errors.Join(ctx.Err(), shortage(err)); err != nil {
			return nil, fmt.Errorf("pluginhost: a record that waits for the audit log: %w", err)
		}
		if err != nil {
			event, err = j.replace(r, err)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("pluginhost: set a damaged record aside: %w", err))
			continue
		}
		j.identify(i, event.GetId())
		events = append(events, event)
	}
	if len(events) > 0 {
		return events, nil // what failed is tried again, and told, when these are delivered
	}
	return nil, errors.Join(errs...)
}

// list is what waits now. While records are handed over none leaves its place.
func (j *journal) list() []record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.waiting)
}

// identify says which event is in the i-th record's file.
func (j *journal) identify(i int, id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.waiting[i].id = id
}

func (j *journal) read(file string) (*auditv1.Event, error) {
	data, err := j.o.Disk.Read(file, sha256.Size+audit.MaxEventBytes)
	if err != nil {
		return nil, err
	}
	digest := data[:min(sha256.Size, len(data))]
	if sum := sha256.Sum256(data[len(digest):]); !bytes.Equal(sum[:], digest) {
		return nil, errors.New("it is not what was written")
	}
	event := &auditv1.Event{}
	return event, proto.Unmarshal(data[len(digest):], event)
}

// shortage is an error that says nothing about the file.
func shortage(err error) error {
	for _, short := range []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM} {
		if errors.Is(err, short) {
			return err
		}
	}
	return nil
}

// replace sets a damaged record aside under a second name, and only then puts what
// tells of it in its place: killed in between, the next process does both again,
// and the log hears of it once.
func (j *journal) replace(r record, why error) (*auditv1.Event, error) {
	aside := strings.TrimSuffix(r.file, recorded) + setAside
	if err := j.o.Disk.Link(r.file, aside); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	event := j.o.Damaged(r.id)
	settle, err := j.write(newNote, r.file, event)
	if err == nil {
		err = settle()
	}
	if err != nil {
		return nil, err
	}
	j.mu.Lock()
	j.damaged++
	j.mu.Unlock()
	j.o.Logger.Error("a record that waited for the audit log is damaged, and was set aside", "event_id", r.id, telemetry.Err(why))
	return event, nil
}

// Delivered implements audit.OutboxStore.
func (j *journal) Delivered(_ context.Context, ids []string) error {
	j.handing.Lock()
	defer j.handing.Unlock()
	var errs []error
	gone := map[string]bool{} // by their files
	for _, r := range j.list() {
		if !slices.Contains(ids, r.id) {
			continue
		}
		err := j.o.Disk.Remove(r.file)
		if gone[r.file] = err == nil || errors.Is(err, fs.ErrNotExist); !gone[r.file] {
			errs = append(errs, err)
		}
	}
	j.mu.Lock()
	j.waiting = slices.DeleteFunc(j.waiting, func(r record) bool { return gone[r.file] })
	j.mu.Unlock()
	return errors.Join(append(errs, j.o.Disk.Sync())...)
}

// journalCounts are for metrics.
type journalCounts struct {
	waiting          int
	missing, damaged uint64
}

func (j *journal) counts() journalCounts {
	j.mu.Lock()
	defer j.mu.Unlock()
	return journalCounts{waiting: len(j.waiting), missing: j.missing, damaged: j.damaged}
}
