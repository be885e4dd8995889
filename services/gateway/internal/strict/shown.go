package strict

import "regexp"

// fieldName is what a field of the API, or a slip of one, looks like.
var fieldName = regexp.MustCompile(`^\[?[A-Za-z][A-Za-z_.]{0,39}[0-9]{0,3}\]?$`)

// shown is how an unknown name is told to its sender: as it is where it looks
// like a field's, and withheld where it may be anything, a person's data among
// it. An error may be kept by whoever gets it (invariant 3).
func shown(name string) string {
	if name == "" || fieldName.MatchString(name) {
		return name
	}
	return "[withheld]"
}
