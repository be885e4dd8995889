package devenv_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
)

func TestFormatIsReadByParseAndByAShell(t *testing.T) {
	pairs := [][2]string{{"HYGIA_URL", "http://127.0.0.1:8440"}, {"HYGIA_AUDIT_KEY", `hygia.local/audit+abc+A"$(id)\ #=`}}
	text, err := devenv.Format(pairs)
	if err != nil {
		t.Fatal(err)
	}
	values, err := devenv.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dev.env")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		if values[p[0]] != p[1] {
			t.Errorf("%s is read as %q", p[0], values[p[0]])
		}
		out, err := exec.Command("sh", "-c", `. "$1"; printenv "$2"`, "sh", path, p[0]).Output()
		if err != nil || string(out) != p[1]+"\n" {
			t.Errorf("a shell reads %s as %q, %v", p[0], out, err)
		}
	}
	if _, err := devenv.Format([][2]string{{"X", "a'b"}}); err == nil {
		t.Error("a quote was taken")
	}
}

func TestFindLooksUpwards(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	for _, dir := range []string{deep, filepath.Join(root, ".hygia")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if f, err := devenv.Find(deep); err != nil || f.Path != "" {
		t.Fatalf("got %+v, %v", f, err)
	}
	if err := os.WriteFile(filepath.Join(root, devenv.Path), []byte("HYGIA_URL=http://localhost\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := devenv.Find(deep)
	if err != nil || f.Values[devenv.URL] != "http://localhost" || f.Path != filepath.Join(root, devenv.Path) {
		t.Fatalf("got %+v, %v", f, err)
	}
}

func TestLogins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hygia", "logins.json")
	logins, err := devenv.ReadLogins(path)
	if err != nil || len(logins) != 0 {
		t.Fatalf("got %v, %v", logins, err)
	}
	logins["http://localhost"] = devenv.Login{Token: "t", Expire: time.Unix(1, 0).UTC(), Person: "p"}
	if err := logins.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := devenv.ReadLogins(path)
	if err != nil || again["http://localhost"] != logins["http://localhost"] {
		t.Fatalf("got %v, %v", again, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := devenv.ReadLogins(path); err == nil {
		t.Error("a damaged file was read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("# c\nexport A='b'\nC=d e\n\nE=\"f\"\n"))
	f.Add([]byte("=x"))
	f.Add([]byte("A"))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := devenv.Parse(text)
		if err != nil {
			return
		}
		for key, value := range values {
			if key == "" || strings.Contains(value, "\n") {
				t.Fatalf("%q gave %q=%q", text, key, value)
			}
		}
	})
}
