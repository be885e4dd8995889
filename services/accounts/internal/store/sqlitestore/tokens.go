package sqlitestore

import (
	"context"
	"database/sql"
	"fmt"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

const tokenColumns = `tenant, id, person, label, digest, create_time, expire_time, revoked` //nolint:gosec // names of columns

// CreateToken implements store.Store.
func (s *Store) CreateToken(ctx context.Context, t store.Token, event *auditv1.Event) error {
	return s.write(ctx, "create token", t.Tenant, event, func(tx *sql.Tx) error {
		return insertToken(ctx, tx, t)
	})
}

// Login implements store.Store.
func (s *Store) Login(ctx context.Context, t store.Token, newHash string, event *auditv1.Event) error {
	return s.write(ctx, "log in", t.Tenant, event, func(tx *sql.Tx) error {
		const update = `UPDATE people SET password_hash = CASE WHEN ?1 = '' THEN password_hash ELSE ?1 END
			WHERE tenant = ?2 AND id = ?3 AND disabled = 0`
		result, err := tx.ExecContext(ctx, update, newHash, t.Tenant, t.Person)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return orNotFound(err)
		}
		const forget = `DELETE FROM tokens WHERE tenant = ? AND person = ? AND expire_time < ?`
		if _, err := tx.ExecContext(ctx, forget, t.Tenant, t.Person, t.CreateTime.Add(-store.ExpiredFor).UnixMilli()); err != nil {
			return err
		}
		return insertToken(ctx, tx, t)
	})
}

// Token implements store.Store.
func (s *Store) Token(ctx context.Context, tenant, id string) (store.Token, error) {
	if tenant == "" {
		return store.Token{}, store.ErrNoTenant
	}
	const query = `SELECT ` + tokenColumns + ` FROM tokens WHERE tenant = ? AND id = ?`
	t, err := scanToken(s.db.Reader().QueryRowContext(ctx, query, tenant, id))
	return t, failed("read token", err)
}

// TokenByDigest implements store.Store. The index finds the row; comparing once
// more in constant time costs nothing, and keeps a defect in the lookup from
// becoming a login.
func (s *Store) TokenByDigest(ctx context.Context, digest apitoken.Digest) (t store.Token, p store.Person, err error) {
	err = s.db.View(ctx, func(tx *sql.Tx) error {
		const byDigest = `SELECT ` + tokenColumns + ` FROM tokens WHERE digest = ?`
		if t, err = scanToken(tx.QueryRowContext(ctx, byDigest, digest[:])); err != nil {
			return err
		}
		if !t.Digest.Equal(digest) {
			return sql.ErrNoRows
		}
		const owner = `SELECT ` + personColumns + ` FROM people WHERE tenant = ? AND id = ?`
		p, err = scanPerson(tx.QueryRowContext(ctx, owner, t.Tenant, t.Person))
		return err
	})
	if err != nil {
		return store.Token{}, store.Person{}, failed("find token", err)
	}
	return t, p, nil
}

// Tokens implements store.Store.
func (s *Store) Tokens(ctx context.Context, tenant, person string, page store.Page) ([]store.Token, error) {
	if tenant == "" {
		return nil, store.ErrNoTenant
	}
	query, args := `SELECT `+tokenColumns+` FROM tokens WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?`,
		[]any{tenant, page.After, page.Limit}
	if person != "" {
		query = `SELECT ` + tokenColumns + ` FROM tokens WHERE tenant = ? AND person = ? AND id > ? ORDER BY id LIMIT ?`
		args = []any{tenant, person, page.After, page.Limit}
	}
	rows, err := s.db.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed("list tokens", err)
	}
	tokens, err := collect(rows, scanToken)
	return tokens, failed("list tokens", err)
}

// RevokeToken implements store.Store.
func (s *Store) RevokeToken(ctx context.Context, tenant, id string, event *auditv1.Event) error {
	return s.write(ctx, "revoke token", tenant, event, func(tx *sql.Tx) error {
		const update = `UPDATE tokens SET revoked = 1 WHERE tenant = ? AND id = ?`
		result, err := tx.ExecContext(ctx, update, tenant, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return orNotFound(err)
		}
		return nil
	})
}

func insertToken(ctx context.Context, tx *sql.Tx, t store.Token) error {
	const insert = `INSERT INTO tokens (` + tokenColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, t.Tenant, t.ID, t.Person, t.Label, t.Digest[:],
		t.CreateTime.UnixMilli(), t.ExpireTime.UnixMilli(), t.Revoked)
	return err
}

func scanToken(row scanner) (store.Token, error) {
	var t store.Token
	var digest []byte
	var created, expires int64
	if err := row.Scan(&t.Tenant, &t.ID, &t.Person, &t.Label, &digest, &created, &expires, &t.Revoked); err != nil {
		return store.Token{}, err
	}
	if n := copy(t.Digest[:], digest); n != len(t.Digest) || n != len(digest) {
		return store.Token{}, fmt.Errorf("a digest of %d bytes", len(digest))
	}
	t.CreateTime, t.ExpireTime = millis(created), millis(expires)
	return t, nil
}

// orNotFound tells a statement that failed from one that found no row.
func orNotFound(err error) error {
	if err != nil {
		return err
	}
	return sql.ErrNoRows
}
