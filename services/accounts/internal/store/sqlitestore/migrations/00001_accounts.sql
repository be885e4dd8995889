-- +goose Up
CREATE TABLE tenants (
  id          TEXT PRIMARY KEY CHECK (id <> ''),
  slug        TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL,
  create_time INTEGER NOT NULL -- here and below: milliseconds of Unix time
) STRICT, WITHOUT ROWID;

CREATE TABLE people (
  tenant        TEXT NOT NULL REFERENCES tenants (id),
  id            TEXT NOT NULL,
  roles         TEXT NOT NULL, -- comma-separated, the first one first
  profile       BLOB NOT NULL, -- sealed
  email_index   BLOB NOT NULL, -- keyed
  password_hash TEXT NOT NULL,
  disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  create_time   INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, email_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  tenant      TEXT NOT NULL,
  id          TEXT NOT NULL,
  person      TEXT NOT NULL,
  label       TEXT NOT NULL,
  digest      BLOB NOT NULL UNIQUE,
  create_time INTEGER NOT NULL,
  expire_time INTEGER NOT NULL,
  revoked     INTEGER NOT NULL CHECK (revoked IN (0, 1)),
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, person) REFERENCES people (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_person ON tokens (tenant, person, id);

-- One row: proves that the keys in the folder are those that sealed the profiles.
CREATE TABLE key_check (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  value BLOB NOT NULL
) STRICT;

CREATE TABLE audit_outbox (
  id          TEXT PRIMARY KEY,
  event       BLOB NOT NULL,
  create_time INTEGER NOT NULL
) STRICT;
