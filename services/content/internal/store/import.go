package store

import "time"

// ImportState is where an import stands.
type ImportState string

// The states.
const (
	Inspecting ImportState = "inspecting"
	Running    ImportState = "running"
	Done       ImportState = "done"
	Refused    ImportState = "refused"
	Failed     ImportState = "failed"
)

// Open tells whether there is work left.
func (s ImportState) Open() bool { return s == Inspecting || s == Running }

// Import is one run of an importer over one export.
type Import struct {
	ID string
	// Importer is "name@version".
	Importer string
	// Format is what the export was uploaded as, such as "wordpress".
	Format string
	// Person uploaded the export, and saves the entries.
	Person string
	// Purpose is what the person did it for; the audit log wants it beside them.
	Purpose string
	State   ImportState
	// Site is where the source ids come from; empty until inspected.
	Site string
	// Language is the site's, as a BCP 47 tag; empty until inspected.
	Language string
	// Next is the importer's place of the next item; nil before the first and
	// after the last.
	Next           *uint64
	ItemsDone      int
	ItemsTotal     int
	EntriesCreated int
	EntriesKnown   int
	AuthorsCreated int
	TermsCreated   int
	Omissions      int
	Problem        string
	// Size is the export's, in bytes; SHA256 is in hexadecimal digits.
	Size       int64
	SHA256     string
	CreateTime time.Time
	FinishTime time.Time // zero while open
}

// Omission is something that an import did not take over, and why.
type Omission struct {
	// Place counts from 1 in the order of the export; AddOmission sets it.
	Place    int
	Kind     string
	SourceID string
	Label    string
	Reason   string
}
