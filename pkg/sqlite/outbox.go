package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// ErrNoEvent means that a change was to be made without its audit event.
var ErrNoEvent = errors.New("sqlite: a write without an audit event is refused")

// Enqueue puts an audit event into the outbox, as part of the change that it
// records: both are committed, or neither. It refuses a nil event and one
// without an id with [ErrNoEvent], so that a store that calls it first cannot
// change anything unrecorded. The database must have the table
//
//	CREATE TABLE audit_outbox (
//	  id          TEXT PRIMARY KEY,
//	  event       BLOB NOT NULL,
//	  create_time INTEGER NOT NULL
//	) STRICT;
//
// where create_time is in milliseconds of Unix time.
func Enqueue(ctx context.Context, tx *sql.Tx, event *auditv1.Event, now time.Time) error {
	if event.GetId() == "" {
		return ErrNoEvent
	}
	b, err := proto.Marshal(event)
	if err != nil {
		return fmt.Errorf("sqlite: encode audit event: %w", err)
	}
	const insert = `INSERT INTO audit_outbox (id, event, create_time) VALUES (?, ?, ?)`
	if _, err := tx.ExecContext(ctx, insert, event.GetId(), b, now.UnixMilli()); err != nil {
		return fmt.Errorf("sqlite: enqueue audit event: %w", err)
	}
	return nil
}

// Outbox gives the audit client the events that Enqueue kept.
func Outbox(db *DB) audit.OutboxStore { return outbox{db} }

type outbox struct{ db *DB }

// Pending returns events in the order in which they were committed: rowids
// grow, because a row's is one more than the largest there is.
func (o outbox) Pending(ctx context.Context, limit int) ([]*auditv1.Event, error) {
	rows, err := o.db.read.QueryContext(ctx, `SELECT event FROM audit_outbox ORDER BY rowid LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("sqlite: read outbox: %w", err)
	}
	defer rows.Close()
	var events []*auditv1.Event
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, fmt.Errorf("sqlite: read outbox: %w", err)
		}
		e := new(auditv1.Event)
		if err := proto.Unmarshal(b, e); err != nil {
			return nil, fmt.Errorf("sqlite: decode audit event: %w", err)
		}
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: read outbox: %w", err)
	}
	return events, nil
}

// Delivered deletes the events of these ids.
func (o outbox) Delivered(ctx context.Context, ids []string) error {
	list, err := json.Marshal(ids)
	if err != nil {
		return fmt.Errorf("sqlite: clear outbox: %w", err)
	}
	return o.db.Write(ctx, func(tx *sql.Tx) error {
		const del = `DELETE FROM audit_outbox WHERE id IN (SELECT value FROM json_each(?))`
		if _, err := tx.ExecContext(ctx, del, string(list)); err != nil {
			return fmt.Errorf("sqlite: clear outbox: %w", err)
		}
		return nil
	})
}
