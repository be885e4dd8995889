package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"
)

// State is what the demo has done, as kept between runs. It holds secrets of the
// demo's people; its file is readable by its owner alone.
type State struct {
	// People by role.
	People map[string]*Person `json:"people"`
	// Import, Entry are the ids of what the demo made.
	Import string `json:"import,omitempty"`
	Entry  string `json:"entry,omitempty"`
	// Done counts the steps that are done.
	Done int `json:"done"`

	path string
}

// Person is one of the demo's people.
type Person struct {
	ID string `json:"id,omitempty"`
	// Password is chosen before the person is made: where the answer that carried
	// their token was lost, it gets another.
	Password string `json:"password"`
	Token    string `json:"token,omitempty"`
}

// LoadState reads the state; a file that is not there is a demo not begun.
func LoadState(path string) (*State, error) {
	s := &State{People: map[string]*Person{}, path: path}
	text, err := os.ReadFile(path) //nolint:gosec // in the suite's own folder
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): begin anew with `hygia up --fresh`", path, err)
	}
	return s, nil
}

// Complete tells whether nothing is left to do.
func (s *State) Complete() bool { return s.Done >= Steps }

// Ready tells whether every person has a token.
func (s *State) Ready() bool {
	for _, role := range devenv.Roles() {
		if p := s.People[role]; p == nil || p.Token == "" {
			return false
		}
	}
	return true
}

func (s *State) save() error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return supervise.WriteFile(s.path, text, 0o600)
}

// WriteEnv writes the variables with which a person uses the suite.
func (s *State) WriteEnv(path, url, auditKey string) error {
	pairs := [][2]string{{devenv.URL, url}}
	for _, role := range devenv.Roles() {
		if p := s.People[role]; p != nil && p.Token != "" {
			pairs = append(pairs, [2]string{devenv.TokenOf(role), p.Token})
		}
	}
	text, err := devenv.Format(append(pairs, [2]string{devenv.AuditKey, auditKey}))
	if err != nil {
		return err
	}
	return supervise.WriteFile(path, text, 0o600)
}
