package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
)

const (
	// logBytes is the size at which a log file is put aside.
	logBytes = 10 << 20
	// logFiles is how many are kept beside the current one: NAME.log.1 is the
	// newest of them.
	logFiles = 3
)

// logFile is a log that is bounded on disk. It is safe for concurrent use.
type logFile struct {
	path  string
	limit int64

	mu   sync.Mutex
	file *os.File
	size int64
}

func openLog(path string, limit int64) (*logFile, error) {
	l := &logFile{path: path, limit: limit}
	return l, l.open()
}

func (l *logFile) open() error {
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write appends, and puts the file aside first where it would grow too large. A
// write is never split over two files.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(p)) > l.limit {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return n, err
}

func (l *logFile) rotate() error {
	if err := l.file.Close(); err != nil {
		return err
	}
	for i := logFiles; i > 0; i-- {
		from := l.path
		if i > 1 {
			from = fmt.Sprintf("%s.%d", l.path, i-1)
		}
		if err := os.Rename(from, fmt.Sprintf("%s.%d", l.path, i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return l.open()
}

func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// tail gives the last lines of the log, for a person to see why a service ended.
func (l *logFile) tail(lines int) string {
	file, err := os.Open(l.path)
	if err != nil {
		return ""
	}
	defer file.Close()
	text := make([]byte, 8<<10)
	start := int64(0)
	if info, err := file.Stat(); err == nil {
		start = max(0, info.Size()-int64(len(text)))
	}
	n, _ := file.ReadAt(text, start)
	all := strings.Split(strings.TrimRight(string(text[:n]), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
