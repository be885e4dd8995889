package store

// Disk is what a store keeps its files on.
type Disk = disk

// OpenOn opens a store on any disk.
func OpenOn(o Options, d Disk) (*Store, error) { return openOn(o, d) }

// ParseState reads a state file.
func ParseState(text []byte) error {
	_, err := parseState(text)
	return err
}
