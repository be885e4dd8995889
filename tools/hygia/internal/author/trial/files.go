package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
)

// files are a manifest and a component in memory, as plugin.Load takes them.
type files map[string][]byte

// Open implements fs.FS.
func (f files) Open(name string) (fs.File, error) {
	data, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file{bytes.NewReader(data)}, nil
}

type file struct{ *bytes.Reader }

func (file) Close() error               { return nil }
func (file) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

// withMemory is the manifest with another limit of memory.
func withMemory(manifest []byte, limit int64) ([]byte, error) {
	var object, limits map[string]json.RawMessage
	if err := json.Unmarshal(manifest, &object); err != nil {
		return nil, err
	}
	if object["limits"] != nil {
		if err := json.Unmarshal(object["limits"], &limits); err != nil {
			return nil, err
		}
	}
	if limits == nil {
		limits = map[string]json.RawMessage{}
	}
	limits["memory_bytes"] = json.RawMessage(fmt.Sprint(limit))
	var err error
	if object["limits"], err = json.Marshal(limits); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}
