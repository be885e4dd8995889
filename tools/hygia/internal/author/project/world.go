package project

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// World is the name of the world in a project's own WIT package.
const World = "plugin"

// maxWIT bounds a file of the project's own WIT package.
const maxWIT = 1 << 20

// declaration is the first statement of a WIT file, behind comments, where that
// names the file's package in a form that a manifest's world can have.
var declaration = regexp.MustCompile(
	`^(?:\s|//[^\n]*\n|/\*(?:[^*]|\*+[^*/])*\*+/)*package\s+%?([a-z][a-z0-9-]*):%?([a-z][a-z0-9-]*)(?:@(\d+\.\d+\.\d+))?\s*;`)

// Target is the world that the component is built against, as the manifest would
// name it: "local:plugin/plugin@0.1.0". What wit/ leaves open is as the manifest has
// it: the version where the package has none, all of it where no file of wit/ names
// the package, and in Rust the world's name, which the source says and not wit/.
func (p *Project) Target() (string, error) {
	files, err := fs.Glob(os.DirFS(p.Dir), "wit/*.wit")
	if err != nil {
		return "", err
	}
	path, version, _ := strings.Cut(p.Manifest.World, "@")
	_, world, _ := strings.Cut(path, "/")
	if p.Language != Rust {
		world = World
	}
	for _, file := range files {
		text, err := readBounded(p.Path(filepath.FromSlash(file)), maxWIT)
		if err != nil {
			return "", err
		}
		if d := declaration.FindSubmatch(text); d != nil {
			if len(d[3]) > 0 {
				version = string(d[3])
			}
			return string(d[1]) + ":" + string(d[2]) + "/" + world + "@" + version, nil
		}
	}
	return p.Manifest.World, nil
}
