package service

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.yaml.in/yaml/v3"
)

// maxConfigBytes bounds a configuration file.
const maxConfigBytes = 256 << 10

//nolint:gochecknoglobals // immutable
var levels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// Settings is a service's configuration: *Config, or a pointer to a struct that
// embeds Config. One that also has a method Validate() error is refused where
// that returns an error.
type Settings interface {
	Base() *Config
}

// load reads the file at path.
func load(path string, settings Settings) error {
	if path == "" {
		return errors.New("-config FILE.yaml is required")
	}
	f, err := os.Open(path) //nolint:gosec // of the command line
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if err := Parse(data, settings); err != nil {
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	return nil
}

// Parse reads a configuration file's content into settings, sets the defaults
// and checks it, as Main does. Its errors name the line or the field.
func Parse(data []byte, settings Settings) error {
	if len(data) > maxConfigBytes {
		return fmt.Errorf("more than %d bytes", maxConfigBytes)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(settings); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("more than one YAML document")
	}
	if err := settings.Base().complete(); err != nil {
		return err
	}
	if own, ok := settings.(interface{ Validate() error }); ok {
		return own.Validate()
	}
	return nil
}
