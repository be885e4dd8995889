-- name: InsertEntry :exec
INSERT INTO entries (tenant, id, kind, status, slug, revision, review_note, import, create_time, update_time)
VALUES (sqlc.arg(tenant), sqlc.arg(id), sqlc.arg(kind), sqlc.arg(status), sqlc.arg(slug), sqlc.arg(revision),
        sqlc.arg(review_note), sqlc.narg(import), sqlc.arg(create_time), sqlc.arg(update_time));

-- name: UpdateEntry :execrows
UPDATE entries
SET status = sqlc.arg(status), slug = sqlc.arg(slug), revision = sqlc.arg(revision),
    signed_revision = sqlc.narg(signed_revision), published_revision = sqlc.narg(published_revision),
    published_slug = sqlc.narg(published_slug), publish_time = sqlc.narg(publish_time),
    scheduled_time = sqlc.narg(scheduled_time), review_note = sqlc.arg(review_note), update_time = sqlc.arg(update_time)
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id);

-- name: GetEntry :one
SELECT * FROM entries WHERE tenant = ? AND id = ?;

-- name: ListEntries :many
SELECT * FROM entries
WHERE tenant = sqlc.arg(tenant)
  AND update_time <= sqlc.arg(before_time)
  AND (update_time < sqlc.arg(before_time) OR id < sqlc.arg(before_id))
  AND (status = sqlc.arg(status) OR (sqlc.arg(status) = '' AND status <> 'trashed'))
  AND (kind = sqlc.arg(kind) OR sqlc.arg(kind) = '')
ORDER BY update_time DESC, id DESC
LIMIT sqlc.arg(most);

-- name: ListImportedEntries :many
SELECT * FROM entries
WHERE tenant = sqlc.arg(tenant) AND import = sqlc.arg(import)
  AND update_time <= sqlc.arg(before_time)
  AND (update_time < sqlc.arg(before_time) OR id < sqlc.arg(before_id))
  AND (status = sqlc.arg(status) OR (sqlc.arg(status) = '' AND status <> 'trashed'))
  AND (kind = sqlc.arg(kind) OR sqlc.arg(kind) = '')
ORDER BY update_time DESC, id DESC
LIMIT sqlc.arg(most);

-- name: SlugTaken :one
SELECT EXISTS (
  SELECT 1 FROM entries WHERE tenant = ? AND kind = ? AND slug = ? AND status <> 'trashed'
);

-- name: ListDue :many
SELECT tenant, id FROM entries
WHERE scheduled_time IS NOT NULL AND scheduled_time <= sqlc.arg(now)
ORDER BY scheduled_time
LIMIT sqlc.arg(most);

-- name: InsertRequest :exec
INSERT INTO requests (tenant, id, digest, entry, create_time) VALUES (?, ?, ?, ?, ?);

-- name: GetRequest :one
SELECT digest, entry FROM requests WHERE tenant = ? AND id = ?;
