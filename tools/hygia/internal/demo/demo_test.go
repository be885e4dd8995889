package demo_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/demo"
	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
)

func TestRun(t *testing.T) {
	s, path := newSuite(t), filepath.Join(t.TempDir(), "demo.json")
	steps, err := s.run(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 2*demo.Steps {
		t.Fatalf("showed %d steps", len(steps))
	}
	var told strings.Builder
	for _, step := range steps {
		told.WriteString(strings.Join(step.Lines, "\n") + "\n")
	}
	for _, want := range []string{
		"comment        não há", "ADV-1", "2 entries: 1 have nothing to mend, 1 have findings",
		"editor     publishes    REFUSED: not as things stand", "editor     signs off    REFUSED: no reviewer",
		"- CPF 529.982.247-25", "+ CPF [CPF]", "PublishEntry (refused)",
	} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("does not tell %q:\n%s", want, told.String())
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state: %v, %v", info, err)
	}
	answers := s.answers
	if steps, err := s.run(path); err != nil || len(steps) != 0 || s.answers != answers {
		t.Errorf("a second run showed %v, asked %d times, %v", steps, s.answers-answers, err)
	}
}

// Whichever answer is lost, the next run goes on from there: it makes nobody
// twice, uploads at most once more, and ends with everything done.
func TestRunGoesOn(t *testing.T) {
	whole := newSuite(t)
	if _, err := whole.run(filepath.Join(t.TempDir(), "demo.json")); err != nil {
		t.Fatal(err)
	}
	for lose := 1; lose <= whole.answers; lose++ {
		s, path := newSuite(t), filepath.Join(t.TempDir(), "demo.json")
		s.lose = lose
		// The loss of an answer to a GET goes unnoticed: net/http asks again.
		_, first := s.run(path)
		if _, err := s.run(path); err != nil {
			t.Fatalf("answer %d: %v, and then %v", lose, first, err)
		}
		people := slices.Clone(s.people)
		slices.Sort(people)
		if len(slices.Compact(people)) != 4 || len(s.people) != 4 || s.status != "PUBLISHED" || s.imports > 2 {
			t.Errorf("answer %d: %d people, %d imports, %s", lose, len(s.people), s.imports, s.status)
		}
		state, err := demo.LoadState(path)
		if err != nil || !state.Complete() || !state.Ready() {
			t.Errorf("answer %d: the state is %+v, %v", lose, state, err)
		}
	}
}

// A suite that publishes without a sign-off is told on.
func TestCarelessSuite(t *testing.T) {
	s := newSuite(t)
	s.careless = true
	_, err := s.run(filepath.Join(t.TempDir(), "demo.json"))
	if err == nil || !strings.Contains(err.Error(), "must be") {
		t.Errorf("got %v", err)
	}
}

func TestWriteEnv(t *testing.T) {
	s, dir := newSuite(t), t.TempDir()
	if _, err := s.run(filepath.Join(dir, "demo.json")); err != nil {
		t.Fatal(err)
	}
	state, err := demo.LoadState(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "dev.env")
	if err := state.WriteEnv(path, "http://127.0.0.1:1", "key+1+A="); err != nil {
		t.Fatal(err)
	}
	f, err := devenv.Read(path)
	if err != nil || f.Values[devenv.URL] != "http://127.0.0.1:1" || f.Values[devenv.AuditKey] != "key+1+A=" {
		t.Fatalf("got %v, %v", f, err)
	}
	for _, role := range devenv.Roles() {
		if f.Values[devenv.TokenOf(role)] == "" {
			t.Errorf("no token of %s", role)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v, %v", info, err)
	}
}

func TestDamagedState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.LoadState(path); err == nil || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("got %v", err)
	}
}

// The export is what its README says.
func TestExport(t *testing.T) {
	text, err := demo.Export()
	if err != nil {
		t.Fatal(err)
	}
	var rss struct {
		Channel struct {
			Version    string     `xml:"http://wordpress.org/export/1.2/ wxr_version"`
			Authors    []struct{} `xml:"http://wordpress.org/export/1.2/ author"`
			Categories []struct{} `xml:"http://wordpress.org/export/1.2/ category"`
			Tags       []struct{} `xml:"http://wordpress.org/export/1.2/ tag"`
			Items      []struct {
				Type     string     `xml:"http://wordpress.org/export/1.2/ post_type"`
				Status   string     `xml:"http://wordpress.org/export/1.2/ status"`
				Sticky   int        `xml:"http://wordpress.org/export/1.2/ is_sticky"`
				Comments []struct{} `xml:"http://wordpress.org/export/1.2/ comment"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	if err := xml.Unmarshal(text, &rss); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{"author": len(rss.Channel.Authors), "category": len(rss.Channel.Categories), "tag": len(rss.Channel.Tags)}
	for _, item := range rss.Channel.Items {
		counts[item.Type]++
		if item.Type == "post" {
			counts[item.Status]++
		}
		counts["sticky"] += item.Sticky
		counts["comment"] += len(item.Comments)
	}
	want := map[string]int{
		"author": 6, "category": 14, "tag": 13, "post": 24, "page": 1, "attachment": 4, "nav_menu_item": 2, "comment": 6,
		"publish": 20, "draft": 1, "pending": 1, "private": 1, "future": 1, "sticky": 1,
	}
	for name, n := range want {
		if counts[name] != n {
			t.Errorf("%s: %d, want %d", name, counts[name], n)
		}
	}
	if rss.Channel.Version != "1.2" {
		t.Errorf("version %q", rss.Channel.Version)
	}
}

func TestNotes(t *testing.T) {
	notes, err := demo.Notes()
	if err != nil || len(notes) != 6 {
		t.Fatalf("got %d notes, %v", len(notes), err)
	}
	for _, n := range notes {
		if len(n.Text) < 500 || !strings.HasSuffix(n.Name, ".txt") {
			t.Errorf("%s has %d bytes", n.Name, len(n.Text))
		}
	}
}
