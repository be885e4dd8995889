package artifact

import (
	"bytes"
	"io"
	"io/fs"
	"time"
)

// Files returns the manifest and the component as plugin.Load reads them:
// manifest.json and NAME.wasm.
func (p *Package) Files() fs.FS {
	return files{"manifest.json": p.text, p.manifest.Name + ".wasm": p.wasm}
}

// files is a file system of a few files in memory. It lists no folder.
type files map[string][]byte

func (f files) Open(name string) (fs.File, error) {
	data, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{bytes.NewReader(data), info{name, int64(len(data))}}, nil
}

type file struct {
	io.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

type info struct {
	name string
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
