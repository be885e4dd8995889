package imports

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// attempts is how often a call of the importer is tried that fails for another
// reason than the export's: a limit, a trap.
const attempts = 3

// pageItems is how many items are read, and become entries, in one transaction.
const pageItems = 16

// errReader marks a failure of the importer that trying again does not mend.
type errReader struct{ cause error }

func (e errReader) Error() string { return "imports: the importer failed: " + e.cause.Error() }
func (e errReader) Unwrap() error { return e.cause }

// errMoved means that somebody else works on the import as well.
var errMoved = errors.New("imports: the import is not where this runner left it")

// errPromise means that an importer broke the contract of its interface.
var errPromise = errors.New("imports: the importer does not keep its interface's contract")

// Work takes an import from where it stands to its end. An error means that it
// was interrupted (ctx ended, the audit log cannot be reached, the disk is full)
// and stays as it is; what the export or its importer does wrong ends the import
// instead, and is written down with it.
func (m *Imports) Work(ctx context.Context, ref store.Ref) error {
	s, err := m.open(ctx, ref)
	if err != nil {
		return err
	}
	defer s.close()
	for s.state.State.Open() {
		if err := s.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// session works on one import.
type session struct {
	m        *Imports
	tenant   string
	state    store.Import
	path     string // where the importer sees the export
	importer Importer
	close    func()
}

func (m *Imports) open(ctx context.Context, ref store.Ref) (*session, error) {
	s := &session{m: m, tenant: ref.Tenant, close: func() {}}
	err := m.o.Store.View(ctx, ref.Tenant, func(r store.Reader) (err error) {
		s.state, err = r.Import(ctx, ref.ID)
		return err
	})
	if err != nil || !s.state.State.Open() {
		return s, err
	}
	format, ok := m.o.Formats[s.state.Format]
	if !ok {
		return s, fmt.Errorf("imports: nothing reads %q any more", s.state.Format)
	}
	folder, err := filepath.Abs(m.inbox.folder(ref.ID))
	if err != nil {
		return s, fmt.Errorf("imports: %w", err)
	}
	opened, err := format.Open(folder)
	if err != nil {
		return s, fmt.Errorf("imports: open the importer: %w", err)
	}
	s.importer, s.close, s.path = opened.Importer, opened.Close, opened.Path
	return s, nil
}

// step does one transaction's work: the inspection, or a page.
func (s *session) step(ctx context.Context) error {
	var err error
	if s.state.State == store.Inspecting {
		err = s.inspect(ctx)
	} else {
		err = s.page(ctx)
	}
	if problem, ended := s.problem(err); ended && ctx.Err() == nil {
		s.m.o.Logger.WarnContext(ctx, "an import has ended with a problem", "tenant", s.tenant, "job_id", s.state.ID, telemetry.Err(err))
		err = s.end(ctx, problem)
	}
	if err == nil && !s.state.State.Open() {
		// A crash before this leaves the folder to the next start.
		if e := s.m.inbox.remove(s.state.ID); e != nil {
			s.m.o.Logger.ErrorContext(ctx, "an import's files cannot be removed", "job_id", s.state.ID, telemetry.Err(e))
		}
	}
	return err
}

// inspect reads the export to its end, and makes its authors and terms.
func (s *session) inspect(ctx context.Context) error {
	var summary content.Summary
	err := s.call(ctx, func() (err error) {
		summary, err = s.importer.Inspect(ctx, s.path)
		return err
	})
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *transfer) error { return t.begin(ctx, summary) })
}

// page reads the next items and makes entries of them.
func (s *session) page(ctx context.Context) error {
	page, err := s.read(ctx, pageItems)
	if errors.As(err, new(errReader)) {
		// Perhaps the items are large, and one of them fits where sixteen do not.
		page, err = s.read(ctx, 1)
	}
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *transfer) error { return t.page(ctx, page) })
}

func (s *session) read(ctx context.Context, limit uint32) (page content.Page, err error) {
	offset := *s.state.Next
	err = s.call(ctx, func() (err error) {
		page, err = s.importer.ReadItems(ctx, s.path, offset, limit)
		return err
	})
	if err != nil {
		return page, err
	}
	forward := page.Next == nil || *page.Next > offset && *page.Next <= uint64(s.state.Size)
	if uint32(len(page.Items)) > limit || !forward {
		return page, errReader{errPromise}
	}
	return page, nil
}

// call tries what the importer's own failures may only have interrupted.
func (s *session) call(ctx context.Context, f func() error) (err error) {
	for range attempts {
		if err = f(); err == nil || ctx.Err() != nil {
			return err
		}
		var of content.ImportError
		if errors.As(err, &of) {
			return err
		}
	}
	return errReader{err}
}

// write runs one transaction, and takes over what it made of the import.
func (s *session) write(ctx context.Context, f func(context.Context, *transfer) error) error {
	var after store.Import
	err := s.m.o.Job(ctx, s.tenant, s.state, func(ctx context.Context) error {
		rpc.Affects(ctx, "import", s.state.ID)
		return s.m.o.Store.Write(ctx, s.tenant, func(tx store.Tx) error {
			now, err := tx.Import(ctx, s.state.ID)
			if err != nil {
				return err
			}
			if now.State != s.state.State || now.ItemsDone != s.state.ItemsDone {
				return errMoved
			}
			t := &transfer{tx: tx, i: now, now: s.m.now(), ids: s.m.o.IDs}
			if err := f(ctx, t); err != nil {
				return err
			}
			if err := tx.SaveImport(ctx, t.i); err != nil {
				return err
			}
			after = t.i
			return nil
		})
	})
	if err == nil {
		s.state = after
	}
	return err
}

// end closes an import that cannot go on.
func (s *session) end(ctx context.Context, problem string) error {
	return s.write(ctx, func(_ context.Context, t *transfer) error {
		t.i.State, t.i.Problem = store.Refused, problem
		if s.state.State == store.Running {
			t.i.State = store.Failed
			t.i.Problem = fmt.Sprintf("%s It stopped after item %d of %d. The entries made so far stay, as drafts of this import; "+
				"importing the export again makes none of them twice.", problem, t.i.ItemsDone, t.i.ItemsTotal)
		}
		t.i.FinishTime = t.now
		return nil
	})
}

// problem tells a person what is wrong with the export, where err is of that
// kind: what happened, where, what to do.
func (s *session) problem(err error) (text string, ended bool) {
	var of content.ImportError
	var reader errReader
	switch {
	case errors.As(err, &of):
		return exportProblem(of), true
	case errors.As(err, &reader):
		return fmt.Sprintf("%s could not read the export within its limits (%s). Export it in smaller parts.",
			s.state.Importer, fault.From(reader.cause).Reason), true
	}
	return "", false
}

func exportProblem(err content.ImportError) string {
	switch e := err.(type) {
	case content.ImportErrorUnreadable:
		return fmt.Sprintf("The export cannot be opened: %s. Upload it again.", tidy(string(e)))
	case content.ImportErrorNotThisFormat:
		return fmt.Sprintf("The file is not a WordPress export: %s. Export it in WordPress under Tools, Export.", tidy(string(e)))
	case content.ImportErrorMalformed:
		return fmt.Sprintf("The export is cut off or damaged at line %d, byte %d: %s. Export it again.", e.Line, e.Offset, tidy(e.Message))
	case content.ImportErrorTooLarge:
		return fmt.Sprintf("The export passes a bound: %s. Export it in smaller parts.", tidy(string(e)))
	case content.ImportErrorForbidden:
		return fmt.Sprintf("The export has what is never read, at line %d, byte %d: %s. Export it in WordPress under Tools, Export.", e.Line, e.Offset, tidy(e.Message))
	}
	return "The export cannot be read."
}
