-- +goose Up
-- A cache of the log: any row can be made again from the leaves.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,       -- index of the leaf in the log
  id       TEXT    NOT NULL UNIQUE,   -- UUIDv7
  tenant   TEXT    NOT NULL,          -- '' where no tenant is concerned
  person   TEXT    NOT NULL,
  method   TEXT    NOT NULL,
  time     INTEGER NOT NULL,          -- Unix time in milliseconds
  leaf     BLOB    NOT NULL
) STRICT;
CREATE INDEX events_of_tenant ON events (tenant, position);
CREATE INDEX events_of_person ON events (tenant, person, position);
CREATE INDEX events_of_method ON events (tenant, method, position);

CREATE TABLE objects (
  tenant   TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  position INTEGER NOT NULL REFERENCES events (position),
  PRIMARY KEY (tenant, id, position)
) STRICT, WITHOUT ROWID;

-- How many leaves of the log, from the first on, the rows above stand for.
CREATE TABLE progress (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  size INTEGER NOT NULL
) STRICT;
INSERT INTO progress (one, size) VALUES (1, 0);
