package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
)

// What uploads may take.
const (
	maxUploads = 4 // at once
	uploadTime = 10 * time.Minute
)

// uploads keeps packages on disk until they are read, so that one that arrives
// slowly holds up no other, nor memory.
type uploads struct {
	dir     string
	longest time.Duration
	places  chan struct{} // one value for each
}

func newUploads(dir string, longest time.Duration) *uploads {
	if longest == 0 {
		longest = uploadTime
	}
	return &uploads{dir: dir, longest: longest, places: make(chan struct{}, maxUploads)}
}

// arrived is a package on disk. It has its place among the uploads until it is
// closed, and so there are no more of them either.
type arrived struct {
	*os.File
	places chan struct{}
}

// Close frees the file and its place. It must be called once.
func (a arrived) Close() error {
	defer func() { <-a.places }()
	return a.File.Close()
}

// receive writes what next gives, until io.EOF, into a file without a name: the
// kernel frees it when it is closed, or the process ends. A call of next that is
// still waiting when receive returns must end with the request.
func (u *uploads) receive(ctx context.Context, next func() ([]byte, error)) (arrived, error) {
	select {
	case u.places <- struct{}{}:
	default:
		return arrived{}, errUploads
	}
	unnamed, err := nameless(u.dir)
	if err != nil {
		<-u.places
		return arrived{}, err
	}
	file := arrived{unnamed, u.places}
	done := make(chan error, 1)
	go func() { done <- collect(file, next) }()
	patience, cancel := context.WithTimeoutCause(ctx, u.longest, errSlow)
	defer cancel()
	select {
	case err = <-done:
	case <-patience.Done():
		go func() { _ = errors.Join(<-done, file.Close()) }() // in this order
		return arrived{}, context.Cause(patience)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return arrived{}, err
	}
	return file, nil
}

func nameless(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, "upload-*.new") // which the store sweeps away
	if err != nil {
		return nil, fmt.Errorf("pluginhost: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("pluginhost: %w", err), file.Close())
	}
	return file, nil
}

// collect writes at most what a package may have.
func collect(file io.Writer, next func() ([]byte, error)) error {
	for size := 0; ; {
		chunk, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if size += len(chunk); size > artifact.MaxFileBytes {
			return errTooLarge
		}
		if _, err := file.Write(chunk); err != nil {
			return fmt.Errorf("pluginhost: %w", err)
		}
	}
}

// readPackage reads a package that has arrived, and closes its file.
func readPackage(file arrived) (*artifact.Package, error) {
	defer func() { _ = file.Close() }()
	pkg, err := artifact.Read(bufio.NewReader(file))
	if err != nil {
		return nil, asPackageFault(err)
	}
	return pkg, nil
}
