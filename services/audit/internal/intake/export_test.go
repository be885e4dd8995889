package intake

import "context"

// OpenSmall opens a log whose segments have this size.
func OpenSmall(ctx context.Context, o Options, segment int64) (*Log, error) {
	return open(ctx, o, segment)
}

// Abandon ends a log as a kill does: nothing more is integrated.
func (l *Log) Abandon() error {
	l.stop()
	l.running.Wait()
	return l.journal.close()
}

// BreakDisk lets the next write to the journal fail.
func (l *Log) BreakDisk() error { return l.journal.close() }
