package entry

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// Hash is "sha256:" and 64 hexadecimal digits, over what a reader gets.
type Hash string

// hashVersion names the serialisation below. Another serialisation gets another
// name, so that no two ever give the same bytes.
const hashVersion = "hygia content 1"

// Hash returns the SHA-256 of the content's canonical serialisation. A text is
// its length in bytes, as 8 bytes big-endian, and its bytes; a list is the number
// of its elements, likewise, and the elements; in this order:
//
//	hashVersion, kind, language, slug, title, excerpt, body,
//	authors: display name, credential as a list of none or one:
//	    council, number, region, specialties
//	categories: slug, name
//	tags: slug, name
//
// Ids and a category's place are left out: a reader does not get them.
func (c Content) Hash() Hash {
	w := writer{sha256.New()}
	w.text(hashVersion)
	w.text(string(c.Kind))
	for _, s := range []string{c.Language, c.Slug, c.Title, c.Excerpt, c.Body} {
		w.text(s)
	}
	w.count(len(c.Authors))
	for _, a := range c.Authors {
		w.author(a)
	}
	for _, terms := range [][]Term{c.Categories, c.Tags} {
		w.count(len(terms))
		for _, t := range terms {
			w.text(t.Slug)
			w.text(t.Name)
		}
	}
	return Hash("sha256:" + hex.EncodeToString(w.h.Sum(nil)))
}

// writer writes to a hash, which never fails.
type writer struct{ h hash.Hash }

func (w writer) count(n int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	w.h.Write(b[:])
}

func (w writer) text(s string) {
	w.count(len(s))
	w.h.Write([]byte(s))
}

func (w writer) author(a Author) {
	w.text(a.DisplayName)
	if a.Credential == nil {
		w.count(0)
		return
	}
	w.count(1)
	w.text(a.Credential.Council)
	w.text(a.Credential.Number)
	w.text(a.Credential.Region)
	w.count(len(a.Credential.Specialties))
	for _, s := range a.Credential.Specialties {
		w.text(s)
	}
}
