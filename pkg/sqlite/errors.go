package sqlite

import (
	"errors"

	"github.com/mattn/go-sqlite3"
)

// IsUnique tells whether err is a refused duplicate, of a primary key or of a
// unique index.
func IsUnique(err error) bool {
	return extended(err, sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey)
}

// IsForeignKey tells whether err is a reference to a row that is not there.
func IsForeignKey(err error) bool {
	return extended(err, sqlite3.ErrConstraintForeignKey)
}

// IsCheck tells whether err is a row that the schema refuses, by a CHECK or by
// a trigger's RAISE.
func IsCheck(err error) bool {
	return extended(err, sqlite3.ErrConstraintCheck, sqlite3.ErrConstraintTrigger, sqlite3.ErrConstraintNotNull)
}

// Detail returns SQLite's own text of a refused row, such as "UNIQUE constraint
// failed: entries.slug" or a trigger's message; empty where err is none. It is
// for telling constraints apart, not for people.
func Detail(err error) string {
	var e sqlite3.Error
	if !errors.As(err, &e) || e.Code != sqlite3.ErrConstraint {
		return ""
	}
	return e.Error()
}

func extended(err error, codes ...sqlite3.ErrNoExtended) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.ExtendedCode == c {
			return true
		}
	}
	return false
}
