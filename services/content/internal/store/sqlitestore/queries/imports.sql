-- name: InsertImport :exec
INSERT INTO imports (tenant, id, importer, format, person, purpose, state, site, language, next_item, items_done, items_total, entries_created,
  entries_known, authors_created, terms_created, omissions, problem, size, sha256, create_time, finish_time)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: UpdateImport :execrows
UPDATE imports
SET importer = sqlc.arg(importer), state = sqlc.arg(state), site = sqlc.arg(site),
    language = sqlc.arg(language), next_item = sqlc.narg(next_item),
    items_done = sqlc.arg(items_done), items_total = sqlc.arg(items_total), entries_created = sqlc.arg(entries_created),
    entries_known = sqlc.arg(entries_known), authors_created = sqlc.arg(authors_created),
    terms_created = sqlc.arg(terms_created), problem = sqlc.arg(problem), finish_time = sqlc.narg(finish_time)
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id);

-- name: GetImport :one
SELECT * FROM imports WHERE tenant = ? AND id = ?;

-- name: ListImports :many
SELECT * FROM imports
WHERE tenant = sqlc.arg(tenant) AND id < sqlc.arg(before)
ORDER BY id DESC
LIMIT sqlc.arg(most);

-- name: CountOpenImports :one
SELECT count(*) FROM imports WHERE tenant = ? AND state IN ('inspecting', 'running');

-- name: ListOpenImports :many
SELECT tenant, id FROM imports WHERE state IN ('inspecting', 'running') ORDER BY id LIMIT sqlc.arg(most);

-- name: CountOmission :one
UPDATE imports SET omissions = omissions + 1 WHERE tenant = ? AND id = ? RETURNING omissions;

-- name: InsertOmission :exec
INSERT INTO omissions (tenant, import, place, kind, source_id, label, reason) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: ListOmissions :many
SELECT * FROM omissions
WHERE tenant = sqlc.arg(tenant) AND import = sqlc.arg(import) AND place > sqlc.arg(after)
ORDER BY place
LIMIT sqlc.arg(most);

-- name: InsertSourceEntry :exec
INSERT INTO source_entries (tenant, site, source_id, entry) VALUES (?, ?, ?, ?);

-- name: GetSourceEntry :one
SELECT entry FROM source_entries WHERE tenant = ? AND site = ? AND source_id = ?;
