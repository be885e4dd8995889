package e2e

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// reader is somebody who pastes the commands of docs/plugins.md.
type reader struct {
	t      *testing.T
	dir    string
	blocks []string // that were not pasted yet
	env    []string
	// says replaces what a reader fills in.
	says *strings.Replacer
}

var fenced = regexp.MustCompile("(?s)```sh\n(.*?)```")

func newReader(t *testing.T, dir, registry string) *reader {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "plugins.md"))
	if err != nil {
		t.Fatal(err)
	}
	tools, err := filepath.Abs(filepath.Join("..", "..", ".tools"))
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, dir: dir, env: append(os.Environ(),
		"PATH="+binaries+string(filepath.ListSeparator)+os.Getenv("PATH"), "HYGIA_TOOLCHAINS="+tools)}
	for _, block := range fenced.FindAllStringSubmatch(string(text), -1) {
		r.blocks = append(r.blocks, block[1])
	}
	// In C, which builds in seconds: package flow has the five commands in each
	// language.
	r.says = strings.NewReplacer("--lang rust", "--lang c", "~/", dir+"/", "registry.example.org", registry)
	return r
}

// sh runs commands where the reader is, and gives what they print and whether all
// of them passed. The reader follows them into another folder.
func (r *reader) sh(commands string) (printed string, passed bool) {
	r.t.Helper()
	where := filepath.Join(r.t.TempDir(), "where")
	cmd := exec.CommandContext(r.t.Context(), "sh", "-e", "-c", r.says.Replace(commands)+"\npwd > "+where)
	cmd.Dir, cmd.Env = r.dir, r.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if at, err := os.ReadFile(where); err == nil {
		r.dir = strings.TrimSpace(string(at))
	}
	return out.String(), err == nil
}

// paste runs the guide's next commands, a line after the other, and wants these
// words in what they print.
func (r *reader) paste(words ...string) (printed string) {
	r.t.Helper()
	if len(r.blocks) == 0 {
		r.t.Fatal("the guide has no more commands")
	}
	block := r.blocks[0]
	r.blocks = r.blocks[1:]
	for line := range strings.Lines(block) {
		out, passed := r.sh(line)
		if printed += out; !passed {
			r.t.Fatalf("%s%s", line, out)
		}
	}
	for _, word := range words {
		if !strings.Contains(printed, word) {
			r.t.Errorf("%slacks %q:\n%s", block, word, printed)
		}
	}
	return printed
}

// refused runs a command that must fail and say these words.
func (r *reader) refused(command string, words ...string) {
	r.t.Helper()
	out, passed := r.sh(command)
	for _, word := range words {
		if passed || !strings.Contains(out, word) {
			r.t.Errorf("%s: passed %v, want %q:\n%s", command, passed, word, out)
		}
	}
}

func (r *reader) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// The commands of docs/plugins.md, in their order and with nothing left out: from
// an empty folder by a registry into a running suite, and out of it.
func TestTheGuideForPluginAuthors(t *testing.T) {
	for _, program := range []string{"cargo", "python3"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("plugins in C need %s, which is not here", program)
		}
	}
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	home := t.TempDir()
	s := start(t, filepath.Join(home, ".hygia"))
	r := newReader(t, home, host)

	r.paste("build/claim-words.wasm", "5 passed, 0 failed", "Nothing is wrong.")
	r.refused("hygia plugin install", "hygia plugin sign")
	entry := r.paste("is yours alone", "build/claim-words-0.1.0.tar", "signed by plugins.example.org")
	r.refused("hygia plugin sign --key ~/plugins.key.pub", "public key")
	r.refused("hygia plugin install", "PLUGIN_KEY_UNKNOWN", "do: if you know and trust the signer, add the signer's public key")

	key := regexp.MustCompile(`(?s)\{"key": .*?\}`).FindString(entry)
	r.write(filepath.Join(s.dir, "trust.json"), `{"keys": [`+key+`]}`)
	r.paste("claim-words       validation     live   0.1.0", "medical-basics")
	r.write(filepath.Join(r.dir, "artigo.md"), "Cura garantida da asma.")
	if out, _ := r.sh("hygia validate artigo.md"); !strings.Contains(out, "PROMISE-1") {
		t.Errorf("its finding is not listed:\n%s", out)
	}
	if out, _ := r.sh("hygia plugin logs claim-words"); !strings.Contains(out, "info   14     0.1.0") {
		t.Errorf("its line is not listed:\n%s", out)
	}

	digest := regexp.MustCompile("sha256:[0-9a-f]{64}")
	r.refused("hygia plugin install registry.example.org/plugins/claim-words:0.1.0", "does not have it", "do: compare")
	pushed, _ := r.sh("hygia plugin push registry.example.org/plugins/claim-words")
	r.says = strings.NewReplacer("sha256:…", digest.FindString(pushed), "~/", home+"/", "registry.example.org", host)
	r.refused("hygia plugin install registry.example.org/plugins/claim-words:0.1.0", "tag", digest.FindString(pushed))
	r.paste(pushed, "live   0.1.0")

	manifest, err := os.ReadFile(filepath.Join(r.dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	r.write(filepath.Join(r.dir, "manifest.json"), strings.Replace(string(manifest), `"0.1.0"`, `"0.2.0"`, 1))
	r.refused("hygia plugin install", "hygia plugin sign")
	r.paste("0.2.0 (10 %)", "live   0.2.0    -       0.1.0", "live   0.1.0    -       -", "is removed from validation")
	if len(r.blocks) != 0 {
		t.Errorf("the guide has commands that were not tried:\n%s", strings.Join(r.blocks, "\n"))
	}
	verifyLog(t, s)
}
