package scaffold_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/scaffold"
)

// What is made can be opened, and its manifest names its own world.
func TestNew(t *testing.T) {
	for _, language := range project.Languages() {
		for _, hook := range contract.Hooks() {
			dir := filepath.Join(t.TempDir(), "claim-words")
			if _, err := scaffold.New(scaffold.Options{Dir: dir, Name: "claim-words", Language: language, Hook: hook}); err != nil {
				t.Fatal(err)
			}
			p, err := project.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if target, err := p.Target(); err != nil || target != p.Manifest.World || p.Language != language {
				t.Errorf("%s, %s: made in %s against %s, %v; the manifest names %s", language, hook.Name, p.Language, target, err, p.Manifest.World)
			}
			_, err = scaffold.New(scaffold.Options{Dir: dir, Name: "claim-words", Language: language, Hook: hook})
			if !errors.Is(err, scaffold.ErrNotEmpty) {
				t.Errorf("made twice: %v", err)
			}
		}
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	for _, name := range []string{"", "A", "1a", "a-", "-a", "a--b", "a_b", "../a", strings.Repeat("a", 64)} {
		_, err := scaffold.New(scaffold.Options{Dir: t.TempDir(), Name: name, Language: project.C, Hook: contract.Hooks()[0]})
		if !errors.Is(err, plugin.ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
