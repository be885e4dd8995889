-- name: InsertAuthor :exec
INSERT INTO authors (tenant, id, display_name, council, number, region, specialties, create_time)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: UpdateAuthor :execrows
UPDATE authors
SET display_name = sqlc.arg(display_name), council = sqlc.narg(council), number = sqlc.narg(number),
    region = sqlc.narg(region), specialties = sqlc.narg(specialties)
WHERE tenant = sqlc.arg(tenant) AND id = sqlc.arg(id);

-- name: GetAuthor :one
SELECT * FROM authors WHERE tenant = ? AND id = ?;

-- name: ListAuthors :many
SELECT * FROM authors
WHERE tenant = sqlc.arg(tenant) AND id > sqlc.arg(after)
ORDER BY id
LIMIT sqlc.arg(most);

-- name: FindAuthor :one
-- The oldest author of a name.
SELECT * FROM authors WHERE tenant = ? AND display_name = ? ORDER BY id LIMIT 1;

-- name: InsertSourceAuthor :exec
INSERT INTO source_authors (tenant, site, login, author) VALUES (?, ?, ?, ?);

-- name: GetSourceAuthor :one
SELECT author FROM source_authors WHERE tenant = ? AND site = ? AND login = ?;
