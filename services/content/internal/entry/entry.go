package entry

import "time"

// Kind is what an entry is.
type Kind string

// The kinds. They are part of what is hashed.
const (
	Post Kind = "post"
	Page Kind = "page"
)

// Entry is a post or a page, with its newest revision. Its steps return copies;
// they do not change what is shared with the copy.
type Entry struct {
	// ID is a UUIDv7.
	ID     string
	Status Status
	// Newest is the newest revision.
	Newest Revision
	// Signature is the newest revision's; nil where it has none.
	Signature *Signature
	// Published is the number of the public revision; 0 where none is.
	Published   int
	PublishTime time.Time // zero where nothing is public
	// Scheduled is when the newest revision is to be published; zero in every
	// status but Scheduled.
	Scheduled time.Time
	// ReviewNote says why the reviewer gave the entry back.
	ReviewNote string
	// Import is the import that made the entry; empty where a person did.
	Import     string
	CreateTime time.Time
	UpdateTime time.Time
}

// Revision is one saved state. It never changes.
type Revision struct {
	// Number counts from 1 in its entry.
	Number  int
	Content Content
	// Hash is that of Content.
	Hash Hash
	// Person saved it.
	Person     string
	CreateTime time.Time
}

// Content is what a reader gets, complete: names as they are when it is saved.
type Content struct {
	Kind Kind
	// Language is a BCP 47 tag.
	Language string
	Slug     string
	Title    string
	Excerpt  string
	// Body has blocks as WordPress serialises them.
	Body string
	// Authors are in the order in which they are shown.
	Authors    []Author
	Categories []Term
	Tags       []Term
}

// Author is a name under which entries are published.
type Author struct {
	ID          string
	DisplayName string
	// Credential is nil where the author shows none.
	Credential *Credential
}

// Credential is a professional's registration, as Resolução CFM 2.336/2023
// art. 4 asks to be shown.
type Credential struct {
	Council     string
	Number      string
	Region      string
	Specialties []string // RQE numbers
}

// Taxonomy is a way to sort entries.
type Taxonomy string

// The taxonomies.
const (
	Category Taxonomy = "category"
	Tag      Taxonomy = "tag"
)

// Term is a category or a tag.
type Term struct {
	ID       string
	Taxonomy Taxonomy
	Slug     string
	Name     string
	// Parent is the id of the category above; empty where there is none.
	Parent string
}

// Signature is a reviewer's sign-off of one revision.
type Signature struct {
	Revision    int
	Hash        Hash
	Person      string
	DisplayName string
	Credential  Credential
	Time        time.Time
}

// New returns a draft with its first revision.
func New(id string, c Content, person string, now time.Time) Entry {
	return Entry{
		ID:         id,
		Status:     Draft,
		Newest:     Revision{Number: 1, Content: c, Hash: c.Hash(), Person: person, CreateTime: now},
		CreateTime: now,
		UpdateTime: now,
	}
}
