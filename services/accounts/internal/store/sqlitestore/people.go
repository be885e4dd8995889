package sqlitestore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/pkg/actor"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

const (
	tenantColumns = `id, slug, name, create_time`
	personColumns = `tenant, id, roles, profile, email_index, password_hash, disabled, create_time`
)

// CreateTenant implements store.Store.
func (s *Store) CreateTenant(ctx context.Context, t store.Tenant, admin store.Person, token store.Token, event *auditv1.Event) error {
	if admin.Tenant != t.ID || token.Tenant != t.ID {
		return store.ErrNoTenant
	}
	return s.write(ctx, "create tenant", t.ID, event, func(tx *sql.Tx) error {
		const insert = `INSERT INTO tenants (` + tenantColumns + `) VALUES (?, ?, ?, ?)`
		if _, err := tx.ExecContext(ctx, insert, t.ID, t.Slug, t.Name, t.CreateTime.UnixMilli()); err != nil {
			return err
		}
		if err := insertPerson(ctx, tx, admin); err != nil {
			return err
		}
		return insertToken(ctx, tx, token)
	})
}

// Tenant implements store.Store.
func (s *Store) Tenant(ctx context.Context, id string) (store.Tenant, error) {
	if id == "" {
		return store.Tenant{}, store.ErrNoTenant
	}
	const query = `SELECT ` + tenantColumns + ` FROM tenants WHERE id = ?`
	t, err := scanTenant(s.db.Reader().QueryRowContext(ctx, query, id))
	return t, failed("read tenant", err)
}

// TenantBySlug implements store.Store.
func (s *Store) TenantBySlug(ctx context.Context, slug string) (store.Tenant, error) {
	const query = `SELECT ` + tenantColumns + ` FROM tenants WHERE slug = ?`
	t, err := scanTenant(s.db.Reader().QueryRowContext(ctx, query, slug))
	return t, failed("read tenant", err)
}

// CreatePerson implements store.Store.
func (s *Store) CreatePerson(ctx context.Context, p store.Person, event *auditv1.Event) error {
	return s.write(ctx, "create person", p.Tenant, event, func(tx *sql.Tx) error {
		return insertPerson(ctx, tx, p)
	})
}

// Person implements store.Store.
func (s *Store) Person(ctx context.Context, tenant, id string) (store.Person, error) {
	if tenant == "" {
		return store.Person{}, store.ErrNoTenant
	}
	const query = `SELECT ` + personColumns + ` FROM people WHERE tenant = ? AND id = ?`
	p, err := scanPerson(s.db.Reader().QueryRowContext(ctx, query, tenant, id))
	return p, failed("read person", err)
}

// PersonByEmail implements store.Store.
func (s *Store) PersonByEmail(ctx context.Context, tenant string, index []byte) (store.Person, error) {
	if tenant == "" {
		return store.Person{}, store.ErrNoTenant
	}
	const query = `SELECT ` + personColumns + ` FROM people WHERE tenant = ? AND email_index = ?`
	p, err := scanPerson(s.db.Reader().QueryRowContext(ctx, query, tenant, index))
	return p, failed("find person", err)
}

// People implements store.Store.
func (s *Store) People(ctx context.Context, tenant string, page store.Page) ([]store.Person, error) {
	if tenant == "" {
		return nil, store.ErrNoTenant
	}
	const query = `SELECT ` + personColumns + ` FROM people WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?`
	rows, err := s.db.Reader().QueryContext(ctx, query, tenant, page.After, page.Limit)
	if err != nil {
		return nil, failed("list people", err)
	}
	people, err := collect(rows, scanPerson)
	return people, failed("list people", err)
}

// UpdatePerson implements store.Store.
func (s *Store) UpdatePerson(ctx context.Context, tenant, id string, change func(*store.Person) error, event *auditv1.Event) (store.Person, error) {
	var after store.Person
	var refused error
	err := s.write(ctx, "update person", tenant, event, func(tx *sql.Tx) error {
		const query = `SELECT ` + personColumns + ` FROM people WHERE tenant = ? AND id = ?`
		p, err := scanPerson(tx.QueryRowContext(ctx, query, tenant, id))
		if err != nil {
			return err
		}
		if refused = change(&p); refused != nil {
			return refused
		}
		after = p
		return updatePerson(ctx, tx, tenant, id, p)
	})
	if refused != nil {
		return store.Person{}, refused
	}
	if err != nil {
		return store.Person{}, err
	}
	return after, nil
}

func updatePerson(ctx context.Context, tx *sql.Tx, tenant, id string, p store.Person) error {
	const update = `UPDATE people SET roles = ?, profile = ?, disabled = ? WHERE tenant = ? AND id = ?`
	if _, err := tx.ExecContext(ctx, update, joinRoles(p.Roles), p.Profile, p.Disabled, tenant, id); err != nil {
		return err
	}
	if p.Disabled {
		const revoke = `UPDATE tokens SET revoked = 1 WHERE tenant = ? AND person = ?`
		if _, err := tx.ExecContext(ctx, revoke, tenant, id); err != nil {
			return err
		}
	}
	var admins int
	const count = `SELECT count(*) FROM people WHERE tenant = ? AND disabled = 0 AND ',' || roles || ',' LIKE '%,admin,%'`
	if err := tx.QueryRowContext(ctx, count, tenant).Scan(&admins); err != nil {
		return err
	}
	if admins == 0 {
		return store.ErrLastAdmin
	}
	return nil
}

func insertPerson(ctx context.Context, tx *sql.Tx, p store.Person) error {
	const insert = `INSERT INTO people (` + personColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := tx.ExecContext(ctx, insert, p.Tenant, p.ID, joinRoles(p.Roles), p.Profile, p.EmailIndex,
		p.PasswordHash, p.Disabled, p.CreateTime.UnixMilli())
	return err
}

func scanTenant(row scanner) (store.Tenant, error) {
	var t store.Tenant
	var created int64
	err := row.Scan(&t.ID, &t.Slug, &t.Name, &created)
	t.CreateTime = millis(created)
	return t, err
}

func scanPerson(row scanner) (store.Person, error) {
	var p store.Person
	var roles string
	var created int64
	err := row.Scan(&p.Tenant, &p.ID, &roles, &p.Profile, &p.EmailIndex, &p.PasswordHash, &p.Disabled, &created)
	p.Roles, p.CreateTime = splitRoles(roles), millis(created)
	return p, err
}

func joinRoles(roles []actor.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ",")
}

func splitRoles(s string) []actor.Role {
	var roles []actor.Role
	for name := range strings.SplitSeq(s, ",") {
		roles = append(roles, actor.Role(name))
	}
	return slices.Clip(roles)
}
