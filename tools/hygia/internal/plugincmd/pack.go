package plugincmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
)

func (e Env) keyCommand() *cobra.Command {
	var name string
	c := e.Command(&cobra.Command{
		Use:   "key FILE",
		Short: "Makes a key to sign plugins with",
		Long: `Makes a key pair: the private key goes into the file, for its owner's eyes alone, and
the public key into FILE.pub. An operator who trusts it puts the public key into the
suite's trust file, with the plugins that it may sign and the time for which it holds.

JSON: {"private": "…", "public": "…", "trust": {…}}: the last is an entry for a trust
file, to be made narrower.`,
		Example: "  hygia plugin key ~/keys/plugins.key --name plugins.example.org", Args: cobra.ExactArgs(1),
	}, func(_ context.Context, args []string) error { return e.runKey(e.path(args[0]), name) })
	c.Flags().StringVar(&name, "name", "", "what the key is called, such as plugins.example.org")
	mustRequire(c, "name")
	return c
}

// mustRequire panics on an option that does not exist, which every test would meet.
func mustRequire(c *cobra.Command, option string) {
	if err := c.MarkFlagRequired(option); err != nil {
		panic(err)
	}
}

// trustEntry is a key's line of a trust file.
type trustEntry struct {
	Key       string   `json:"key"`
	Plugins   []string `json:"plugins"`
	NotBefore string   `json:"not_before"`
	NotAfter  string   `json:"not_after"`
}

func (e Env) runKey(path, name string) error {
	if err := trust.GenerateKey(path, name); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return e.Refused(fmt.Errorf("%w: a key is never written over: sign with that one, or name another file", err))
		}
		return err
	}
	public, err := os.ReadFile(path + ".pub") //nolint:gosec // just written
	if err != nil {
		return err
	}
	now := e.Clock().UTC()
	out := struct {
		Private string     `json:"private"`
		Public  string     `json:"public"`
		Trust   trustEntry `json:"trust"`
	}{path, path + ".pub", trustEntry{
		strings.TrimSpace(string(public)), []string{"*"},
		now.Format("2006-01-02T00:00:00Z"), now.AddDate(1, 0, 0).Format("2006-01-02T00:00:00Z"),
	}}
	return e.Show(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s is yours alone; give %s to those who install.\n\nIn their trust file, as one of \"keys\":\n", e.relative(path), e.relative(path+".pub"))
		fmt.Fprintf(w, "  {\"key\": %q,\n   \"plugins\": [\"*\"], \"not_before\": %q, \"not_after\": %q}\n", out.Trust.Key, out.Trust.NotBefore, out.Trust.NotAfter)
	})
}

func (e Env) signCommand() *cobra.Command {
	var key string
	c := e.Command(&cobra.Command{
		Use:   "sign [FOLDER]",
		Short: "Packs a built plugin and signs it",
		Long: `Packs a built plugin into one file, build/NAME-VERSION.tar, an OCI image layout, and
signs it. That file is all that an installation needs, also where no network reaches.

JSON: {"plugin": "name@version", "file": "…", "digest": "sha256:…", "key": "…"}.`,
		Example: "  hygia plugin sign --key ~/keys/plugins.key", Args: cobra.MaximumNArgs(1),
	}, func(_ context.Context, args []string) error { return e.runSign(args, key) })
	c.Flags().StringVar(&key, "key", "", "the private key's `FILE`")
	mustRequire(c, "key")
	return c
}

// signed is a package that was written.
type signed struct {
	Plugin string `json:"plugin"`
	File   string `json:"file"`
	Digest string `json:"digest"`
	Key    string `json:"key"`
}

func (e Env) runSign(args []string, keyFile string) error {
	p, err := e.open(args)
	if err != nil {
		return err
	}
	manifest, wasm, err := p.Read()
	if err != nil {
		return err
	}
	if private, public := strings.CutSuffix(keyFile, ".pub"); public {
		return e.Usage("--key: %s is a public key: name the private one, as in %s", keyFile, private)
	}
	key, err := trust.ReadKey(e.path(keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return e.Usage("--key: there is no file %s: make a key with `hygia plugin key %s --name plugins.example.org`", keyFile, keyFile)
	}
	if err != nil {
		return e.Usage("--key: %w", err)
	}
	pkg, err := artifact.New(manifest, wasm)
	if err != nil {
		return err
	}
	if err := pkg.Sign(key); err != nil {
		return err
	}
	var file bytes.Buffer
	if err := pkg.Write(&file); err != nil {
		return err
	}
	path := packed(p)
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil { //nolint:gosec // it is for others
		return err
	}
	out := signed{p.Manifest.Ref(), path, pkg.Digest(), key.Name()}
	return e.Show(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, %s, signed by %s\n", e.relative(path), size(int64(file.Len())), out.Digest[:19]+"…", out.Key)
	})
}

// packed is the file of a project's package.
func packed(p *project.Project) string {
	return p.Path("build", p.Manifest.Name+"-"+p.Manifest.Version+".tar")
}

// readPackage reads a package's file.
func (e Env) readPackage(path string) (*artifact.Package, error) {
	file, err := os.Open(path) //nolint:gosec // the caller's own
	if errors.Is(err, fs.ErrNotExist) {
		return nil, e.Usage("there is no file %s; a package in a registry is named as HOST/PATH@sha256:…", e.relative(path))
	}
	if err != nil {
		return nil, e.Usage("%w", err)
	}
	defer func() { _ = file.Close() }()
	pkg, err := artifact.Read(file)
	if err != nil {
		return nil, e.Usage("%s: %w: name a file that `hygia plugin sign` wrote, or a copy of it that is whole", e.relative(path), err)
	}
	return pkg, nil
}

func (e Env) pushCommand() *cobra.Command {
	var credentials string
	c := e.Command(&cobra.Command{
		Use:   "push REFERENCE [FILE]",
		Short: "Brings a signed package to an OCI registry",
		Long: `Brings a signed package, with its signatures, to an OCI registry. Without a tag, the
reference gets the plugin's version. The file is by default the package that ` + "`sign`" + `
wrote for the project in the working folder. Only a registry on this machine is
spoken to without TLS.

JSON: {"reference": "registry.example.org/plugins/claim-words@sha256:…"}.`,
		Example: "  hygia plugin push registry.example.org/plugins/claim-words", Args: cobra.RangeArgs(1, 2),
	}, func(ctx context.Context, args []string) error {
		pkg, err := e.packageOf(args[1:])
		if err != nil {
			return err
		}
		reference, err := artifact.Push(ctx, args[0], pkg, artifact.Registry{Credentials: e.credentials(credentials)})
		if err != nil {
			return err
		}
		return e.Show(map[string]string{"reference": reference}, func(w io.Writer) { fmt.Fprintln(w, reference) })
	})
	c.Flags().StringVar(&credentials, "credentials", "", "a `FILE` of logins to registries, as container tools write it")
	return c
}

func (e Env) credentials(file string) string {
	if file == "" {
		return ""
	}
	return e.path(file)
}

// packageOf reads the package that is named, or that of the working folder, which
// must be of what is built there now.
func (e Env) packageOf(args []string) (*artifact.Package, error) {
	if len(args) > 0 {
		return e.readPackage(e.path(args[0]))
	}
	p, err := e.open(nil)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(packed(p)); errors.Is(err, fs.ErrNotExist) {
		return nil, e.Usage("there is no %s: pack and sign it with `hygia plugin sign`", e.relative(packed(p)))
	}
	pkg, err := e.readPackage(packed(p))
	if err != nil {
		return nil, err
	}
	manifest, wasm, err := p.Read()
	if err != nil {
		return nil, err
	}
	// Equal plugins are equal packages.
	if built, err := artifact.New(manifest, wasm); err != nil || built.Digest() != pkg.Digest() {
		return nil, e.Usage("%s is of another build: pack and sign it anew with `hygia plugin sign`", e.relative(packed(p)))
	}
	return pkg, nil
}
