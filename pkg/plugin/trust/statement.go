package trust

import (
	"fmt"
	"strings"
)

// MaxSignatureBytes bounds one signature, and MaxSignatures how many of them are
// looked at.
const (
	MaxSignatureBytes = 8 << 10
	MaxSignatures     = 16
)

// format is the first line of what is signed. It keeps a plugin's signature from
// being taken for another note of the same key, and the other way round.
const format = "hygia-plugin/v1"

// Statement is what a signature says: these bytes are that version of that
// plugin.
type Statement struct {
	Name    string // as in the plugin's manifest
	Version string
	Digest  string // of the package's OCI manifest: "sha256:" and 64 digits
}

// text is what is signed. A field with a space or a line's end could be taken for
// two.
func (s Statement) text() (string, error) {
	for _, f := range []string{s.Name, s.Version, s.Digest} {
		if f == "" || strings.ContainsAny(f, " \n\r\t") {
			return "", fmt.Errorf("trust: the statement's field %.80q is empty or has a space", f)
		}
	}
	return fmt.Sprintf("%s\n%s %s\n%s\n", format, s.Name, s.Version, s.Digest), nil
}

func (s Statement) plugin() string { return s.Name + "@" + s.Version }
