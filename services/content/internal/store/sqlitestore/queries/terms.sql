-- name: InsertTerm :exec
INSERT INTO terms (tenant, id, taxonomy, slug, name, parent) VALUES (?, ?, ?, ?, ?, ?);

-- name: GetTerm :one
SELECT * FROM terms WHERE tenant = ? AND id = ?;

-- name: GetTermBySlug :one
SELECT * FROM terms WHERE tenant = ? AND taxonomy = ? AND slug = ?;

-- name: ListTerms :many
SELECT * FROM terms
WHERE tenant = sqlc.arg(tenant) AND id > sqlc.arg(after)
  AND (taxonomy = sqlc.arg(taxonomy) OR sqlc.arg(taxonomy) = '')
ORDER BY id
LIMIT sqlc.arg(most);
