package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// pathDependency is a dependency on a crate of this repository, in Cargo.toml.
var pathDependency = regexp.MustCompile(`(?m)^[a-z0-9_-]+ *= *\{.*\bpath *= *"([^"]+)"`)

// sources lists the files that a component is built from, sorted, with slashes
// and relative to the root: the component's folder but for what is built, tested
// or generated from it, the crates that it depends on, and its WIT package with
// the packages that this uses.
func sources(root string, p plugin) ([]string, error) {
	files := map[string]bool{}
	for _, part := range withParts([]plugin{p}) {
		if part.language == inRust {
			files["rust-toolchain.toml"] = true
			if !part.apart {
				files["Cargo.lock"], files["Cargo.toml"] = true, true
			}
		}
	}
	if err := addCrate(root, p.dir, files, map[string]bool{}); err != nil {
		return nil, err
	}
	if err := addWIT(root, p.wit, files); err != nil {
		return nil, err
	}
	delete(files, p.wasm())
	delete(files, p.manifest())
	list := make([]string, 0, len(files))
	for file := range files {
		list = append(list, file)
	}
	slices.Sort(list)
	return list, nil
}

// addCrate adds a folder's files, and those of the crates that it depends on but
// for those that were seen.
func addCrate(root, dir string, files, seen map[string]bool) error {
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	err := fs.WalkDir(os.DirFS(root), dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); file != dir && (name == "tests" || name == "test" || name == "target") {
				return fs.SkipDir
			}
			return nil
		}
		if entry.Type()&fs.ModeSymlink == 0 { // a link to a WIT package, whose files addWIT adds
			files[file] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	manifest, err := readFile(root, dir+"/Cargo.toml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, match := range pathDependency.FindAllSubmatch(manifest, -1) {
		if err := addCrate(root, path.Join(dir, string(match[1])), files, seen); err != nil {
			return err
		}
	}
	return nil
}

// addWIT adds a WIT package's files, and those of the packages in its deps,
// which are links.
func addWIT(root, dir string, files map[string]bool) error {
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".wit") {
			files[path.Join(dir, entry.Name())] = true
		}
	}
	deps, err := os.ReadDir(filepath.Join(root, dir, "deps"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, dep := range deps {
		target, err := os.Readlink(filepath.Join(root, dir, "deps", dep.Name()))
		if err != nil {
			return err
		}
		if err := addWIT(root, path.Join(dir, "deps", filepath.ToSlash(target)), files); err != nil {
			return err
		}
	}
	return nil
}

// digestSources is the digest of a component's sources: of each its name, its
// length and its bytes, and of the recipe by which it is built.
func digestSources(root string, p plugin) (string, int, error) {
	files, err := sources(root, p)
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	for _, file := range files {
		data, err := readFile(root, file)
		if err != nil {
			return "", 0, err
		}
		// A checkout may have turned the ends of lines.
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
		fmt.Fprintf(hash, "%s\x00%d\x00", file, len(data))
		hash.Write(data)
	}
	fmt.Fprintf(hash, "recipe\x00%s", strings.Join(recipes(p), "\x00"))
	return "sha256:" + hex.EncodeToString(hash.Sum(nil)), len(files), nil
}

func digestBytes(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
