package pluginhost

import (
	"context"
	"io"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// OpenJournal opens a journal for the conformance suite of outbox stores.
func OpenJournal(path string) (audit.OutboxStore, audittest.Put, error) {
	j, err := openJournal(path)
	return j, func(_ context.Context, e *auditv1.Event) error { return j.put(e) }, err
}

// Receiver takes uploads into a folder, as a host does.
func Receiver(dir string) func(context.Context, func() ([]byte, error)) (io.Closer, error) {
	u := newUploads(dir, 0)
	return func(ctx context.Context, next func() ([]byte, error)) (io.Closer, error) { return u.receive(ctx, next) }
}
