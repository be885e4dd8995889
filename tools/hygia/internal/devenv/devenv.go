// Package devenv reads and writes .hygia/dev.env, the shell variables with which
// a person uses the suite that `hygia up` runs on their machine.
package devenv

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Variables of the file, and of the environment.
const (
	URL      = "HYGIA_URL"
	AuditKey = "HYGIA_AUDIT_KEY"
	Token    = "HYGIA_TOKEN"
)

// Path of the file below the folder in which `hygia up` was started.
const Path = ".hygia/dev.env"

// maxFile bounds the file, in bytes.
const maxFile = 64 << 10

// Roles are those that `--as` knows.
func Roles() []string { return []string{"admin", "editor", "reviewer", "dpo"} }

// TokenOf names the variable that holds a role's token.
func TokenOf(role string) string { return "HYGIA_" + strings.ToUpper(role) + "_TOKEN" }

// File is a dev.env as it was read. The zero File is one that is not there.
type File struct {
	// Path is where it is; empty where there is none.
	Path   string
	Values map[string]string
}

// Find reads the dev.env of the nearest folder at or above from. Where there is
// none it gives the zero File.
func Find(from string) (File, error) {
	for dir := from; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, Path)
		f, err := Read(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		if filepath.Dir(dir) == dir {
			return File{}, nil
		}
	}
}

// Read reads a file. It takes what Format writes, with or without "export" and
// quotes, and runs nothing of it.
func Read(path string) (File, error) {
	text, err := os.ReadFile(path) //nolint:gosec // of the caller's own folders
	if err != nil {
		return File{}, err
	}
	values, err := Parse(text)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	return File{Path: path, Values: values}, nil
}

// Parse reads lines of KEY=VALUE; blank lines and comments are passed over.
func Parse(text []byte) (map[string]string, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("larger than %d KiB", maxFile>>10)
	}
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t'\"") {
			return nil, fmt.Errorf("line %d is not KEY=VALUE", n)
		}
		if len(value) >= 2 && (value[0] == '\'' || value[0] == '"') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		values[key] = value
	}
	return values, lines.Err()
}

// Format writes variables as shell assignments, exported, in the order given.
// Values that a shell would read otherwise than as they are, are refused.
func Format(pairs [][2]string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# Written by `hygia up`; use it with `source`.\n")
	for _, p := range pairs {
		if strings.ContainsAny(p[1], "'\n\r\x00") {
			return nil, fmt.Errorf("%s holds a character that cannot be quoted", p[0])
		}
		fmt.Fprintf(&out, "export %s='%s'\n", p[0], p[1])
	}
	return out.Bytes(), nil
}
