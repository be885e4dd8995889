-- name: InsertRevision :exec
INSERT INTO revisions (tenant, entry, number, kind, language, slug, title, excerpt, body, content_hash, person, create_time)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: InsertRevisionAuthor :exec
INSERT INTO revision_authors (tenant, entry, revision, place, author, display_name, council, number, region, specialties)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: InsertRevisionTerm :exec
INSERT INTO revision_terms (tenant, entry, revision, taxonomy, place, term, slug, name)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: GetRevision :one
SELECT * FROM revisions WHERE tenant = ? AND entry = ? AND number = ?;

-- name: GetRevisionHead :one
-- A list shows no bodies, which are most of a row.
SELECT tenant, entry, number, kind, language, slug, title, excerpt, content_hash, person, create_time
FROM revisions WHERE tenant = ? AND entry = ? AND number = ?;

-- name: ListRevisions :many
SELECT tenant, entry, number, kind, language, slug, title, excerpt, content_hash, person, create_time
FROM revisions
WHERE tenant = sqlc.arg(tenant) AND entry = sqlc.arg(entry) AND number < sqlc.arg(before)
ORDER BY number DESC
LIMIT sqlc.arg(most);

-- name: ListRevisionAuthors :many
SELECT * FROM revision_authors WHERE tenant = ? AND entry = ? AND revision = ? ORDER BY place;

-- name: ListRevisionTerms :many
SELECT * FROM revision_terms WHERE tenant = ? AND entry = ? AND revision = ? ORDER BY taxonomy, place;

-- name: ListEntriesShowing :many
-- Entries outside of the trash whose newest revision shows an author.
-- CROSS JOIN keeps SQLite from reading all of the tenant's entries.
SELECT a.entry FROM revision_authors a
CROSS JOIN entries e ON e.tenant = a.tenant AND e.id = a.entry AND e.revision = a.revision
WHERE a.tenant = sqlc.arg(tenant) AND a.author = sqlc.arg(author) AND a.entry > sqlc.arg(after) AND e.status <> 'trashed'
ORDER BY a.entry
LIMIT sqlc.arg(most);

-- name: InsertSubmission :exec
INSERT INTO submissions (tenant, entry, revision, person, create_time) VALUES (?, ?, ?, ?, ?);

-- name: ListParticipants :many
SELECT r.person FROM revisions r WHERE r.tenant = sqlc.arg(tenant) AND r.entry = sqlc.arg(entry)
UNION
SELECT s.person FROM submissions s WHERE s.tenant = sqlc.arg(tenant) AND s.entry = sqlc.arg(entry);

-- name: InsertSignature :exec
INSERT INTO signatures (tenant, entry, revision, content_hash, person, display_name, council, number, region, specialties, sign_time)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: GetSignature :one
SELECT * FROM signatures WHERE tenant = ? AND entry = ? AND revision = ?;
