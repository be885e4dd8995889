package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// language is what a component is written in.
type language string

const (
	inRust language = "rust"
	inC    language = "c"
	// composed is a component of several, each in a folder of its own.
	composed language = "composed"
)

// plugin is a first-party component. Paths are relative to the repository's
// root, with slashes.
type plugin struct {
	name     string
	dir      string
	language language
	world    string // the world's name in its package, such as "pure-detector"
	wit      string // the folder of the world's package
	// apart tells a crate that is a cargo workspace of its own, with its own lock.
	apart bool
	// parts are what a composed component is made of, as its file named parts lists
	// them, each a folder and a world of its WIT package: the first exports what the
	// whole does, and imports what the others export.
	parts []plugin
}

// wasm is the built component that is checked in.
func (p plugin) wasm() string { return p.dir + "/" + p.name + ".wasm" }

// manifest is the file that names the component's world and its digest.
func (p plugin) manifest() string { return p.dir + "/manifest.json" }

// findRoot returns root, or the nearest folder above the working one that holds
// go.work.
func findRoot(root string) (string, error) {
	if root != "" {
		return filepath.Abs(root)
	}
	dir, err := os.Getwd()
	for err == nil {
		if _, statErr := os.Stat(filepath.Join(dir, "go.work")); statErr == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("run this inside the repository, or say -root")
		}
		dir = parent
	}
	return "", err
}

// places are where components lie: with their service, with the benchmark that
// measures them, or with the tool that is made of one.
func places() []string {
	return []string{
		"services/*/plugins/*/manifest.json",
		"tools/bench/plugins/*/manifest.json",
		"tools/witgen/internal/parser/*/manifest.json",
	}
}

// discover finds the components, all of them or those named, in the order of
// their folders.
func discover(root string, names []string) ([]plugin, error) {
	var manifests []string
	for _, place := range places() {
		found, err := fs.Glob(os.DirFS(root), place)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, found...)
	}
	var plugins []plugin
	for _, manifest := range manifests {
		p, err := readPlugin(root, filepath.ToSlash(filepath.Dir(manifest)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", manifest, err)
		}
		if len(names) == 0 || slices.Contains(names, p.name) {
			plugins = append(plugins, p)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(plugins, func(p plugin) bool { return p.name == name }) {
			return nil, fmt.Errorf("there is no component %q", name)
		}
	}
	if len(plugins) == 0 {
		return nil, errors.New("there are no components: no file is " + strings.Join(places(), " or "))
	}
	return plugins, nil
}

func readPlugin(root, dir string) (plugin, error) {
	data, err := readFile(root, dir+"/manifest.json")
	if err != nil {
		return plugin{}, err
	}
	var manifest struct{ Name, World string }
	if err := json.Unmarshal(data, &manifest); err != nil {
		return plugin{}, err
	}
	p := plugin{name: manifest.Name, dir: dir}
	if p.name != filepath.Base(dir) {
		return plugin{}, fmt.Errorf("it names the component %q, and its folder %q", p.name, filepath.Base(dir))
	}
	// hygia:anonymization/pure-detector@0.1.0 lies in wit/anonymization, unless
	// the component brings a contract that is nobody else's.
	path, _, _ := strings.Cut(manifest.World, "@")
	pkg, world, ok := strings.Cut(strings.TrimPrefix(path, "hygia:"), "/")
	if !ok {
		return plugin{}, fmt.Errorf("the world %q is not hygia:PACKAGE/WORLD@VERSION", manifest.World)
	}
	p.world, p.wit = world, "wit/"+pkg
	if exists(root, dir+"/wit") {
		p.wit = dir + "/wit"
	}
	parts, err := readFile(root, dir+"/parts")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return plugin{}, err
	}
	for _, part := range strings.Fields(string(parts)) {
		p.parts = append(p.parts, plugin{
			name: p.name + "-" + part, dir: dir + "/" + part, world: part, wit: dir + "/wit",
			language: languageOf(root, dir+"/"+part),
		})
	}
	if p.parts != nil {
		p.language, p.wit = composed, dir+"/wit"
		return p, nil
	}
	p.language = languageOf(root, dir)
	p.apart = p.language == inRust && exists(root, dir+"/Cargo.lock")
	return p, nil
}

func languageOf(root, dir string) language {
	if exists(root, dir+"/Cargo.toml") {
		return inRust
	}
	return inC
}

// withParts lists components with what they are made of.
func withParts(plugins []plugin) []plugin {
	var all []plugin
	for _, p := range plugins {
		all = append(append(all, p), p.parts...)
	}
	return all
}

func exists(root, name string) bool {
	_, err := os.Stat(filepath.Join(root, name))
	return err == nil
}
