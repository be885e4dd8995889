-- Every table begins with its tenant, and every reference carries it: a row
-- cannot point at another tenant's, whoever writes it. Times are milliseconds of
-- Unix time, UTC.

-- +goose Up
CREATE TABLE authors (
  tenant       TEXT NOT NULL CHECK (tenant <> ''),
  id           TEXT NOT NULL CHECK (id <> ''),
  display_name TEXT NOT NULL,
  council      TEXT, -- NULL where the author shows no credential
  number       TEXT,
  region       TEXT,
  specialties  TEXT, -- a JSON array
  create_time  INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  CHECK ((council IS NULL) = (number IS NULL) AND (council IS NULL) = (region IS NULL) AND (council IS NULL) = (specialties IS NULL))
) STRICT;

CREATE TABLE terms (
  tenant   TEXT NOT NULL CHECK (tenant <> ''),
  id       TEXT NOT NULL CHECK (id <> ''),
  taxonomy TEXT NOT NULL CHECK (taxonomy IN ('category', 'tag')),
  slug     TEXT NOT NULL,
  name     TEXT NOT NULL,
  parent   TEXT, -- a category's
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, taxonomy, slug),
  UNIQUE (tenant, id, taxonomy),
  CHECK (parent IS NULL OR (taxonomy = 'category' AND parent <> id)),
  FOREIGN KEY (tenant, parent, taxonomy) REFERENCES terms (tenant, id, taxonomy)
) STRICT;

CREATE TABLE imports (
  tenant          TEXT NOT NULL CHECK (tenant <> ''),
  id              TEXT NOT NULL CHECK (id <> ''),
  importer        TEXT NOT NULL,
  format          TEXT NOT NULL,
  person          TEXT NOT NULL CHECK (person <> ''),
  purpose         TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('inspecting', 'running', 'done', 'refused', 'failed')),
  site            TEXT NOT NULL, -- whose source ids these are; empty until inspected
  language        TEXT NOT NULL,
  next_item       INTEGER, -- the reader's place; NULL before the first and after the last item
  items_done      INTEGER NOT NULL,
  items_total     INTEGER NOT NULL,
  entries_created INTEGER NOT NULL,
  entries_known   INTEGER NOT NULL,
  authors_created INTEGER NOT NULL,
  terms_created   INTEGER NOT NULL,
  omissions       INTEGER NOT NULL,
  problem         TEXT NOT NULL,
  size            INTEGER NOT NULL,
  sha256          TEXT NOT NULL,
  create_time     INTEGER NOT NULL,
  finish_time     INTEGER,
  PRIMARY KEY (tenant, id),
  CHECK ((finish_time IS NULL) = (state IN ('inspecting', 'running'))),
  -- An export that was refused has made nothing.
  CHECK (state <> 'refused' OR (entries_created = 0 AND authors_created = 0 AND terms_created = 0))
) STRICT;

CREATE TABLE omissions (
  tenant    TEXT NOT NULL,
  import    TEXT NOT NULL,
  place     INTEGER NOT NULL, -- from 1, in the order of the export
  kind      TEXT NOT NULL,
  source_id TEXT NOT NULL,
  label     TEXT NOT NULL,
  reason    TEXT NOT NULL,
  PRIMARY KEY (tenant, import, place),
  FOREIGN KEY (tenant, import) REFERENCES imports (tenant, id)
) STRICT;

CREATE TABLE entries (
  tenant             TEXT NOT NULL CHECK (tenant <> ''),
  id                 TEXT NOT NULL CHECK (id <> ''),
  kind               TEXT NOT NULL CHECK (kind IN ('post', 'page')),
  status             TEXT NOT NULL CHECK (status IN ('draft', 'in_review', 'approved', 'scheduled', 'published', 'trashed')),
  slug               TEXT NOT NULL, -- the newest revision's
  revision           INTEGER NOT NULL CHECK (revision > 0), -- the newest
  signed_revision    INTEGER,
  published_revision INTEGER,
  published_slug     TEXT,
  publish_time       INTEGER,
  scheduled_time     INTEGER,
  review_note        TEXT NOT NULL,
  import             TEXT,
  create_time        INTEGER NOT NULL,
  update_time        INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, id, revision) REFERENCES revisions (tenant, entry, number) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (tenant, import) REFERENCES imports (tenant, id),
  -- Nothing is signed, scheduled or public without a signature of that very
  -- revision, whichever statement says so.
  FOREIGN KEY (tenant, id, signed_revision) REFERENCES signatures (tenant, entry, revision),
  FOREIGN KEY (tenant, id, published_revision) REFERENCES signatures (tenant, entry, revision),
  CHECK ((status IN ('approved', 'scheduled', 'published')) = (signed_revision IS NOT NULL)),
  CHECK (signed_revision IS NULL OR signed_revision = revision),
  CHECK (status <> 'published' OR published_revision IS revision),
  CHECK (status <> 'trashed' OR published_revision IS NULL),
  CHECK ((status = 'scheduled') = (scheduled_time IS NOT NULL)),
  CHECK ((published_revision IS NULL) = (publish_time IS NULL)),
  CHECK ((published_revision IS NULL) = (published_slug IS NULL))
) STRICT;

CREATE UNIQUE INDEX entries_slug ON entries (tenant, kind, slug) WHERE status <> 'trashed';
CREATE UNIQUE INDEX entries_published_slug ON entries (tenant, kind, published_slug) WHERE published_slug IS NOT NULL;
CREATE INDEX entries_changed ON entries (tenant, update_time DESC, id DESC);
CREATE INDEX entries_due ON entries (scheduled_time) WHERE scheduled_time IS NOT NULL;
CREATE INDEX entries_import ON entries (tenant, import, update_time DESC, id DESC) WHERE import IS NOT NULL;

CREATE TABLE revisions (
  tenant       TEXT NOT NULL,
  entry        TEXT NOT NULL,
  number       INTEGER NOT NULL CHECK (number > 0),
  kind         TEXT NOT NULL,
  language     TEXT NOT NULL,
  slug         TEXT NOT NULL,
  title        TEXT NOT NULL,
  excerpt      TEXT NOT NULL,
  body         TEXT NOT NULL,
  content_hash TEXT NOT NULL CHECK (length(content_hash) = 71),
  person       TEXT NOT NULL CHECK (person <> ''),
  create_time  INTEGER NOT NULL,
  PRIMARY KEY (tenant, entry, number),
  UNIQUE (tenant, entry, number, content_hash),
  FOREIGN KEY (tenant, entry) REFERENCES entries (tenant, id)
) STRICT;

CREATE TABLE revision_authors (
  tenant       TEXT NOT NULL,
  entry        TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  place        INTEGER NOT NULL,
  author       TEXT NOT NULL,
  display_name TEXT NOT NULL, -- as it was then
  council      TEXT,
  number       TEXT,
  region       TEXT,
  specialties  TEXT,
  PRIMARY KEY (tenant, entry, revision, place),
  FOREIGN KEY (tenant, entry, revision) REFERENCES revisions (tenant, entry, number),
  FOREIGN KEY (tenant, author) REFERENCES authors (tenant, id)
) STRICT;

CREATE INDEX revision_authors_author ON revision_authors (tenant, author, entry, revision);

CREATE TABLE revision_terms (
  tenant   TEXT NOT NULL,
  entry    TEXT NOT NULL,
  revision INTEGER NOT NULL,
  taxonomy TEXT NOT NULL,
  place    INTEGER NOT NULL,
  term     TEXT NOT NULL,
  slug     TEXT NOT NULL, -- as they were then
  name     TEXT NOT NULL,
  PRIMARY KEY (tenant, entry, revision, taxonomy, place),
  FOREIGN KEY (tenant, entry, revision) REFERENCES revisions (tenant, entry, number),
  FOREIGN KEY (tenant, term, taxonomy) REFERENCES terms (tenant, id, taxonomy)
) STRICT;

CREATE TABLE submissions (
  tenant      TEXT NOT NULL,
  entry       TEXT NOT NULL,
  revision    INTEGER NOT NULL,
  person      TEXT NOT NULL CHECK (person <> ''),
  create_time INTEGER NOT NULL,
  FOREIGN KEY (tenant, entry, revision) REFERENCES revisions (tenant, entry, number)
) STRICT;

CREATE INDEX submissions_entry ON submissions (tenant, entry, person);

CREATE TABLE signatures (
  tenant       TEXT NOT NULL,
  entry        TEXT NOT NULL,
  revision     INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  person       TEXT NOT NULL CHECK (person <> ''),
  display_name TEXT NOT NULL,
  council      TEXT NOT NULL CHECK (council <> ''),
  number       TEXT NOT NULL CHECK (number <> ''),
  region       TEXT NOT NULL,
  specialties  TEXT NOT NULL,
  sign_time    INTEGER NOT NULL,
  PRIMARY KEY (tenant, entry, revision),
  -- It binds what the revision is, and nothing else.
  FOREIGN KEY (tenant, entry, revision, content_hash) REFERENCES revisions (tenant, entry, number, content_hash)
) STRICT;

CREATE TABLE requests (
  tenant      TEXT NOT NULL CHECK (tenant <> ''),
  id          TEXT NOT NULL CHECK (id <> ''),
  digest      TEXT NOT NULL, -- of what was asked for
  entry       TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, entry) REFERENCES entries (tenant, id)
) STRICT;

CREATE TABLE source_entries (
  tenant    TEXT NOT NULL,
  site      TEXT NOT NULL CHECK (site <> ''),
  source_id TEXT NOT NULL,
  entry     TEXT NOT NULL,
  PRIMARY KEY (tenant, site, source_id),
  FOREIGN KEY (tenant, entry) REFERENCES entries (tenant, id)
) STRICT;

CREATE TABLE source_authors (
  tenant TEXT NOT NULL,
  site   TEXT NOT NULL CHECK (site <> ''),
  login  TEXT NOT NULL,
  author TEXT NOT NULL,
  PRIMARY KEY (tenant, site, login),
  FOREIGN KEY (tenant, author) REFERENCES authors (tenant, id)
) STRICT;

CREATE TABLE audit_outbox (
  id          TEXT PRIMARY KEY,
  event       BLOB NOT NULL,
  create_time INTEGER NOT NULL
) STRICT;

CREATE INDEX authors_name ON authors (tenant, display_name, id);
CREATE INDEX imports_open ON imports (tenant, id) WHERE state IN ('inspecting', 'running');
