package devenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Logins are the tokens that `hygia login` got, by the gateway's URL.
type Logins map[string]Login

// Login is one of them.
type Login struct {
	Token  string    `json:"token"`
	Expire time.Time `json:"expire"`
	Person string    `json:"person"`
}

// ReadLogins reads a file of logins; one that is not there holds none.
func ReadLogins(path string) (Logins, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller's own settings
	if errors.Is(err, fs.ErrNotExist) {
		return Logins{}, nil
	}
	if err != nil {
		return nil, err
	}
	logins := Logins{}
	if err := json.Unmarshal(text, &logins); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it and log in again", path, err)
	}
	return logins, nil
}

// Write replaces the file, readable by its owner alone.
func (l Logins) Write(path string) error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
