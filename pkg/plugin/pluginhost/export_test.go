package pluginhost

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// OpenJournal opens a journal for the conformance suite of outbox stores.
func OpenJournal(path string) (audit.OutboxStore, audittest.Put, error) {
	j, err := openJournal(path)
	return j, func(_ context.Context, e *auditv1.Event) error { return j.put(e) }, err
}
