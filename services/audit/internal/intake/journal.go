package intake

import (
	"errors"
	"fmt"
	"path/filepath"
)

// segmentBytes is the size of each of the journal's two files: some ten thousand
// records, a few seconds of the heaviest load.
const segmentBytes = 8 << 20

var (
	// errFull says that the next segment still holds records that are needed.
	errFull = errors.New("the journal is full")
	// errLength says that a leaf is empty, or does not fit into a segment.
	errLength = errors.New("a leaf is empty or too long for the journal")
)

// journal is two segments that are written in turn. One goroutine at a time uses
// it.
type journal struct {
	segments [2]*segment
	current  int
}

// openJournal opens the files in dir and returns the records that they hold, in
// order, with the position of the first.
func openJournal(dir string, size int64) (j *journal, first uint64, leaves [][]byte, err error) {
	j = &journal{}
	var held [2][][]byte
	for i := range j.segments {
		s, err := openSegment(filepath.Join(dir, fmt.Sprintf("journal-%d", i)), size)
		if err != nil {
			return nil, 0, nil, errors.Join(fmt.Errorf("open journal: %w", err), j.close())
		}
		j.segments[i] = s
		if held[i], err = s.scan(); err != nil {
			return nil, 0, nil, errors.Join(err, j.close())
		}
	}
	a, b := j.segments[0], j.segments[1]
	switch {
	case b.empty():
		j.current = 0
	case a.empty() || a.next < b.next:
		j.current = 1
	}
	older, newer := held[1-j.current], held[j.current]
	first = j.segments[j.current].first
	// A segment that was rewound and not written to yet still has its old
	// records; so has one that a crash tore at its first record, if any.
	if previous := j.segments[1-j.current]; len(older) > 0 && len(newer) > 0 && previous.next == first {
		first, newer = previous.first, append(older, newer...)
	}
	return j, first, newer, nil
}

// write makes leaves durable, from a position on, and returns how many: fewer
// where a segment ends, and none, with errFull, where the other one still holds
// records from kept on.
func (j *journal) write(position uint64, leaves [][]byte, kept uint64) (int, error) {
	n, err := j.segments[j.current].write(position, leaves)
	if n > 0 || err != nil {
		return n, err
	}
	other := j.segments[1-j.current]
	if !other.empty() && other.next > kept {
		return 0, errFull
	}
	other.rewind()
	j.current = 1 - j.current
	return other.write(position, leaves)
}

// maxLeaf is the length of a leaf that fits everywhere.
func (j *journal) maxLeaf() int {
	return int(min(maxLeaf, j.segments[0].size-headerBytes))
}

// restart lets the next record have any position. No record may be needed.
func (j *journal) restart() {
	for _, s := range j.segments {
		s.rewind()
	}
}

func (j *journal) close() error {
	var errs []error
	for _, s := range j.segments {
		if s != nil {
			errs = append(errs, s.file.Close())
		}
	}
	return errors.Join(errs...)
}
