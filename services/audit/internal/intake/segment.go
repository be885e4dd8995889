package intake

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A record in a segment:
//
//	 0      4      8          16
//	┌──────┬──────┬──────────┬──────┐
//	│length│ check│ position │ leaf │   little-endian; length is the leaf's
//	└──────┴──────┴──────────┴──────┘
//
// check is the CRC-32C of length, position and leaf, begun with the check of the
// record before it. So a record holds only after exactly that record: what an
// earlier turn, or a write that a crash tore, left behind the newest record is
// not taken for its successor.
const (
	headerBytes = 16
	maxLeaf     = 1<<16 - 1
)

//nolint:gochecknoglobals // immutable
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segment is a file of fixed size that is written from its beginning on, again
// and again. Its blocks are there before the first record: syncing one is a
// write of data, without any of the file system's own.
type segment struct {
	file  *os.File
	size  int64
	used  int64  // where the next record goes
	check uint32 // of the last record
	first uint64 // position of the first record, where there is one
	next  uint64 // position after the last record
}

// openSegment opens the file, or makes it whole: a file of another size was cut
// off while it was made, and holds nothing.
func openSegment(path string, size int64) (*segment, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // of the log's own folder
	if err != nil {
		return nil, err
	}
	s := &segment{file: file, size: size}
	info, err := file.Stat()
	if err == nil && info.Size() != size {
		err = s.fill(path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// fill writes zeros all over, and the file's name to its folder.
func (s *segment) fill(path string) error {
	zeros := make([]byte, 1<<16)
	if err := s.file.Truncate(0); err != nil {
		return err
	}
	for at := int64(0); at < s.size; at += int64(len(zeros)) {
		if _, err := s.file.WriteAt(zeros[:min(int64(len(zeros)), s.size-at)], at); err != nil {
			return err
		}
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// scan reads the records from the beginning on, as far as they hold.
func (s *segment) scan() (leaves [][]byte, err error) {
	s.used, s.check = 0, 0
	header := make([]byte, headerBytes)
	for s.used+headerBytes <= s.size {
		if _, err := s.file.ReadAt(header, s.used); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		length := binary.LittleEndian.Uint32(header)
		position := binary.LittleEndian.Uint64(header[8:])
		if length == 0 || length > maxLeaf || s.used+headerBytes+int64(length) > s.size {
			break
		}
		leaf := make([]byte, length)
		if _, err := s.file.ReadAt(leaf, s.used+headerBytes); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		check := checksum(s.check, header, leaf)
		if check != binary.LittleEndian.Uint32(header[4:]) || len(leaves) > 0 && position != s.next {
			break
		}
		if len(leaves) == 0 {
			s.first = position
		}
		s.next, s.check = position+1, check
		s.used += headerBytes + int64(length)
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

// checksum is of a record with this header, whose own check is left out.
func checksum(before uint32, header, leaf []byte) uint32 {
	check := crc32.Update(before, castagnoli, header[:4])
	check = crc32.Update(check, castagnoli, header[8:headerBytes])
	return crc32.Update(check, castagnoli, leaf)
}

// write puts as many of the leaves as fit behind the last record and returns
// how many. They are durable once it returns. After an error the segment is of
// no use: what the disk holds is not known.
func (s *segment) write(position uint64, leaves [][]byte) (int, error) {
	if s.used > 0 && position != s.next {
		return 0, fmt.Errorf("write journal: position %d does not follow %d", position, s.next)
	}
	var block []byte
	check, n := s.check, 0
	for ; n < len(leaves); n++ {
		leaf := leaves[n]
		if s.used+int64(len(block)+headerBytes+len(leaf)) > s.size {
			break
		}
		header := make([]byte, headerBytes)
		binary.LittleEndian.PutUint32(header, uint32(len(leaf)))
		binary.LittleEndian.PutUint64(header[8:], position+uint64(n))
		check = checksum(check, header, leaf)
		binary.LittleEndian.PutUint32(header[4:], check)
		block = append(append(block, header...), leaf...)
	}
	if n == 0 {
		return 0, nil
	}
	if _, err := s.file.WriteAt(block, s.used); err != nil {
		return 0, fmt.Errorf("write journal: %w", err)
	}
	if err := unix.Fdatasync(int(s.file.Fd())); err != nil {
		return 0, fmt.Errorf("sync journal: %w", &fs.PathError{Op: "fdatasync", Path: s.file.Name(), Err: err})
	}
	if s.used == 0 {
		s.first = position
	}
	s.used, s.check, s.next = s.used+int64(len(block)), check, position+uint64(n)
	return n, nil
}

// rewind lets the next record be the first one again.
func (s *segment) rewind() { s.used, s.check = 0, 0 }

// empty reports whether the segment has no records.
func (s *segment) empty() bool { return s.used == 0 }
