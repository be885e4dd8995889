package pluginhost

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/plugin/internal/folder"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Disk is what a journal writes to.
type Disk = disk

// Journal is a journal, with records of its own of what it lacks.
type Journal struct {
	*journal
	Logged *bytes.Buffer
}

// OpenJournal opens a journal in a folder.
func OpenJournal(path string) (*Journal, error) {
	files, err := folder.Open(path)
	if err != nil {
		return nil, err
	}
	return OpenJournalOn(files)
}

// OpenJournalOn opens a journal on a disk that may fail.
func OpenJournalOn(d Disk) (*Journal, error) {
	told := func(cause string) *auditv1.Event {
		e := audittest.Event()
		e.Objects = []*auditv1.Object{{Kind: "cause", Id: cause}}
		return e
	}
	var logged bytes.Buffer
	j, err := openJournal(journalOptions{
		Disk: d, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		Damaged: func(id string) *auditv1.Event { return told("damaged:" + id) },
		Full:    func() *auditv1.Event { return told("full") },
	})
	return &Journal{j, &logged}, err
}

// Put takes a record.
func (j *Journal) Put(_ context.Context, e *auditv1.Event) error { return j.put(e) }

// Counts are what metrics tell.
func (j *Journal) Counts() (waiting int, missing, damaged uint64) {
	c := j.counts()
	return c.waiting, c.missing, c.damaged
}

// Close closes the journal.
func (j *Journal) Close() { j.close() }

// Receiver takes uploads into a folder, as a host does.
func Receiver(dir string) func(context.Context, func() ([]byte, error)) (io.Closer, error) {
	u := newUploads(dir, 0)
	return func(ctx context.Context, next func() ([]byte, error)) (io.Closer, error) { return u.receive(ctx, next) }
}

// Load loads a release, as a host does when it is installed.
func (h *Host) Load(ctx context.Context, files fs.FS) (supervisor.Release, error) {
	return h.load(ctx, files)
}
