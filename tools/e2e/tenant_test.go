package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An operator makes an organisation of their own beside the demo's; neither
// reads the other's, and a second run finds it as it is.
func TestTwoTenantsOfOneSuite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".hygia")
	flags := []string{"--tenant", "boreal", "--tenant-name", "Clínica Boreal", "--admin-email", "admin@boreal.example", "--admin-name", "Ana Prado"}
	s := start(t, dir, flags...)
	path := filepath.Join(dir, "tenants", "boreal.env")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	vars := readEnv(t, path)
	s.vars["HYGIA_BOREAL_TOKEN"] = vars["HYGIA_ADMIN_TOKEN"]

	demo, err := s.entries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Entries []entry }
	s.must(t, "BOREAL", http.MethodGet, "/v1/entries", nil, &list)
	if len(list.Entries) != 0 {
		t.Errorf("a new organisation sees %d entries", len(list.Entries))
	}
	nobodys := s.refused(t, "BOREAL", http.MethodGet, "/v1/entries/0190a7c8-0000-7000-8000-000000000000", nil, http.StatusNotFound, "")
	theirs := "/v1/entries/" + demo[0].ID
	if p := s.refused(t, "BOREAL", http.MethodGet, theirs, nil, http.StatusNotFound, ""); p.Reason != nobodys.Reason || p.Detail != nobodys.Detail {
		t.Errorf("another organisation's entry is told from none: %+v, %+v", p, nobodys)
	}
	s.refused(t, "BOREAL", http.MethodPost, theirs+"/trash", object{}, http.StatusNotFound, "")
	var made struct{ Entry entry }
	s.must(t, "BOREAL", http.MethodPost, "/v1/entries", object{"content": object{"kind": "ENTRY_KIND_PAGE", "title": "Sobre nós"}}, &made)
	s.refused(t, "EDITOR", http.MethodGet, "/v1/entries/"+made.Entry.ID, nil, http.StatusNotFound, "")
	s.stop(t)

	// The token is lost, as by a run that was killed before it was written: the
	// password, which was written first, gives another.
	lost := ""
	for line := range strings.Lines(string(read(t, path))) {
		if !strings.Contains(line, "HYGIA_ADMIN_TOKEN") {
			lost += line
		}
	}
	if err := os.WriteFile(path, []byte(lost), 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, dir, flags...)
	again.vars["HYGIA_BOREAL_TOKEN"] = readEnv(t, path)["HYGIA_ADMIN_TOKEN"]
	again.must(t, "BOREAL", http.MethodGet, "/v1/entries/"+made.Entry.ID, nil, nil)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
