package imports

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// MaxOpen is how many imports of a tenant may wait or run at once.
const MaxOpen = 8

// Errors of an upload.
var (
	ErrFormat = fault.New(codes.InvalidArgument, "IMPORT_FORMAT_UNKNOWN", "no importer reads this format").
			WithField("format", "must be wordpress")
	ErrTooMany = fault.New(codes.ResourceExhausted, "IMPORTS_TOO_MANY", "eight imports are waiting or running").
			WithHint("wait until one of them has ended")
)

// Options are the dependencies of Imports; all are required.
type Options struct {
	// Dir is the folder for uploads; it is made where it is missing.
	Dir     string
	Store   store.Store
	Formats map[string]Format
	// Job runs one transaction of an import, in a context in which it is audited
	// as done for the person who uploaded it.
	Job    func(ctx context.Context, tenant string, i store.Import, run func(context.Context) error) error
	Clock  func() time.Time
	IDs    func() string
	Logger *slog.Logger
}

// Imports takes uploads and works on them. Upload is safe for concurrent use;
// Run is for one goroutine.
type Imports struct {
	o     Options
	inbox inbox
	wake  chan struct{}
}

// New returns Imports; Run does the work. It removes the files that no open
// import needs, so it comes before the first upload.
func New(ctx context.Context, o Options) (*Imports, error) {
	b, err := newInbox(o.Dir)
	if err != nil {
		return nil, err
	}
	open, err := o.Store.OpenImports(ctx, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	keep := make(map[string]bool, len(open))
	for _, ref := range open {
		keep[ref.ID] = true
	}
	if err := b.sweep(keep); err != nil {
		return nil, err
	}
	return &Imports{o: o, inbox: b, wake: make(chan struct{}, 1)}, nil
}

func (m *Imports) now() time.Time { return m.o.Clock().UTC().Truncate(time.Millisecond) }

// Upload stores an export and returns its import, which a runner then works on.
// next yields its pieces, and io.EOF after the last. Where Upload returns an
// error, nothing is kept.
func (m *Imports) Upload(ctx context.Context, a actor.Actor, format string, next func() ([]byte, error)) (store.Import, error) {
	f, ok := m.o.Formats[format]
	if !ok {
		return store.Import{}, ErrFormat
	}
	err := m.o.Store.View(ctx, a.Tenant, func(r store.Reader) error { return room(ctx, r) })
	if err != nil {
		return store.Import{}, err
	}
	i := store.Import{
		ID: m.o.IDs(), Importer: f.Importer(), Format: format, Person: a.Person, Purpose: string(a.Purpose), State: store.Inspecting,
	}
	if i.Size, i.SHA256, err = m.inbox.receive(i.ID, next); err != nil {
		return store.Import{}, err
	}
	i.CreateTime = m.now()
	rpc.Affects(ctx, "import", i.ID)
	err = m.o.Store.Write(ctx, a.Tenant, func(tx store.Tx) error {
		// Others may have come while this one was uploaded.
		if err := room(ctx, tx); err != nil {
			return err
		}
		return tx.CreateImport(ctx, i)
	})
	if err != nil {
		return store.Import{}, errors.Join(err, m.inbox.remove(i.ID))
	}
	m.Wake()
	return i, nil
}

func room(ctx context.Context, r store.Reader) error {
	n, err := r.CountOpenImports(ctx)
	if err == nil && n >= MaxOpen {
		err = ErrTooMany
	}
	return err
}

// Wake tells the runner that there is work.
func (m *Imports) Wake() {
	select {
	case m.wake <- struct{}{}:
	default: // it has been told already
	}
}
