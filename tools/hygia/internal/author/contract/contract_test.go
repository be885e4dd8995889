package contract_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
)

// The copies that the program carries are the repository's own contracts.
func TestPackagesAreTheRepositorys(t *testing.T) {
	files, err := filepath.Glob("../../../../../wit/*/*.wit")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %q, %v", files, err)
	}
	copies, err := filepath.Glob("wit/*.wit")
	if err != nil || len(copies) != len(files) {
		t.Errorf("%d copies of %d packages, %v: run `make generate`", len(copies), len(files), err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := contract.Package(strings.TrimSuffix(filepath.Base(file), ".wit"))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is carried (%v): run `make generate`", file, err)
		}
	}
}

func TestHooksCarryTheirPackages(t *testing.T) {
	for _, hook := range contract.Hooks() {
		for _, name := range hook.Packages {
			if _, err := contract.Package(name); err != nil {
				t.Error(err)
			}
		}
		if len(hook.Exports) == 0 {
			t.Errorf("%s has no functions", hook.Name)
		}
		for _, export := range hook.Exports {
			if export.Interface != hook.Interface {
				t.Errorf("%s: %s is of %s", hook.Name, export.Name, export.Interface)
			}
		}
		if found, ok := contract.Find(hook.Name); !ok || found.Interface != hook.Interface {
			t.Errorf("%s is not found by its name", hook.Name)
		}
		if found, ok := contract.Of(hook.Interface); !ok || found.Name != hook.Name {
			t.Errorf("%s is not found by its interface", hook.Name)
		}
	}
	if _, ok := contract.Find("absent"); ok {
		t.Error("a hook that does not exist was found")
	}
	if _, err := contract.Package("../wit"); err == nil {
		t.Error("a path was taken for a package")
	}
}
