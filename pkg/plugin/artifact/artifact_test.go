package artifact_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// component is no component: a package does not look into it.
var component = []byte("\x00asm, and so on")

func sum(data []byte) string {
	d := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(d[:])
}

func manifest(t testing.TB, wasm []byte) []byte {
	t.Helper()
	text, err := json.MarshalIndent(plugin.Manifest{
		Name: "medical-basics", Version: "1.2.0", Description: "Checks <basics> & more.", World: "hygia:validation/pure-validator@0.1.0",
		Exports: []string{"hygia:validation/validator@0.1.0"}, Digest: sum(wasm),
		Grants: plugin.Grants{Interfaces: []string{"hygia:host/log@0.1.0"}},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(text, []byte(`"on_failure": ""`), []byte(`"on_failure": "closed"`))
}

func pack(t testing.TB) *artifact.Package {
	t.Helper()
	p, err := artifact.New(manifest(t, component), component)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func key(t testing.TB, name string) *trust.Key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := trust.GenerateKey(path, name); err != nil {
		t.Fatal(err)
	}
	k, err := trust.ReadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signed(t testing.TB, names ...string) *artifact.Package {
	t.Helper()
	p := pack(t)
	for _, name := range names {
		if err := p.Sign(key(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func written(t testing.TB, p *artifact.Package) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// same fails where two packages differ in anything that can be asked of them.
func same(t testing.TB, got, want *artifact.Package) {
	t.Helper()
	if !bytes.Equal(written(t, got), written(t, want)) || got.Digest() != want.Digest() {
		t.Errorf("got %s with %d signatures, want %s with %d",
			got.Digest(), len(got.Signatures()), want.Digest(), len(want.Signatures()))
	}
	for _, name := range []string{"manifest.json", "medical-basics.wasm"} {
		a, errA := fs.ReadFile(got.Files(), name)
		b, errB := fs.ReadFile(want.Files(), name)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v, %v", name, errA, errB)
		}
	}
}

func TestAFileIsReadAsItWasWritten(t *testing.T) {
	for _, p := range []*artifact.Package{pack(t), signed(t, "a.example", "b.example")} {
		got, err := artifact.Read(iotest.OneByteReader(bytes.NewReader(written(t, p))))
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, p)
	}
}

// The same manifest, in whatever layout, and component make the same bytes, here
// and on any machine.
func TestBytesAreReproducible(t *testing.T) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, manifest(t, component)); err != nil {
		t.Fatal(err)
	}
	p, err := artifact.New(compact.Bytes(), component)
	if err != nil {
		t.Fatal(err)
	}
	same(t, p, pack(t))
	const file = "sha256:4f512289ca67824d"
	if got := sum(written(t, p)); !strings.HasPrefix(got, file) {
		t.Errorf("got %s, want %s…", got, file)
	}
	one, two := signed(t), signed(t)
	a, b := key(t, "a.example"), key(t, "b.example")
	for _, err := range []error{one.Sign(a), one.Sign(b), two.Sign(b), two.Sign(a), two.Sign(a)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	same(t, one, two)
}

func TestNewRefuses(t *testing.T) {
	if _, err := artifact.New(manifest(t, component), []byte("other bytes")); !errors.Is(err, plugin.ErrDigest) {
		t.Errorf("other bytes: got %v", err)
	}
	if _, err := artifact.New([]byte("{}"), component); err == nil {
		t.Error("an empty manifest was packed")
	}
	huge := make([]byte, plugin.MaxComponentBytes+1)
	if _, err := artifact.New(manifest(t, huge), huge); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a huge component: got %v", err)
	}
}

func TestFilesArePlain(t *testing.T) {
	f := pack(t).Files()
	if _, err := f.Open("../manifest.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	file, err := f.Open("medical-basics.wasm")
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil || info.Size() != int64(len(component)) || info.Name() != "medical-basics.wasm" || info.IsDir() {
		t.Errorf("got %v, %v", info, err)
	}
}

// entries takes a file apart.
func entries(t testing.TB, file []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(file)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if all[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func archive(t testing.TB, entries map[string][]byte, more ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, data := range entries {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range more {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An archive with folders, in another order and with a part of somebody else's is
// the same package.
func TestReadTakesOtherToolsArchives(t *testing.T) {
	p := signed(t, "a.example")
	parts := map[string][]byte{}
	for name, data := range entries(t, written(t, p)) {
		parts["./"+name] = data
	}
	parts["./blobs/sha256/"+sum([]byte("more"))[len("sha256:"):]] = []byte("more")
	got, err := artifact.Read(bytes.NewReader(archive(t, parts, &tar.Header{Name: "./blobs/", Typeflag: tar.TypeDir, Mode: 0o700})))
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, p)
}

func TestReadRefuses(t *testing.T) {
	whole := written(t, signed(t, "a.example"))
	index := func(change string, to string) func(map[string][]byte) {
		return func(parts map[string][]byte) {
			parts["index.json"] = bytes.ReplaceAll(parts["index.json"], []byte(change), []byte(to))
		}
	}
	blob := "blobs/sha256/" + sum(component)[len("sha256:"):]
	for name, c := range map[string]struct {
		change func(map[string][]byte)
		says   string
	}{
		"an altered component": {func(p map[string][]byte) { p[blob] = []byte("\x00asm, and so fort") }, "was altered"},
		"no component":         {func(p map[string][]byte) { delete(p, blob) }, "lacks the part"},
		"no index":             {func(p map[string][]byte) { delete(p, "index.json") }, "index.json"},
		"an index of nothing":  {func(p map[string][]byte) { p["index.json"] = []byte(`{"manifests": []}`) }, "no Hygia plugin"},
		"keys twice":           {index(`"manifests"`, `"manifests":[],"manifests"`), "there twice"},
		"a wrong size":         {index(`"size":`, `"size":1`), "lacks the part"},
		"a negative size":      {index(`"size":`, `"size":-`), "bytes, more than"},
		"another hash":         {index(`sha256:`, `sha512:`), "is not sha256"},
		"a path for a hash":    {index(`sha256:`, `sha256:../../`), "is not sha256"},
		"a path outside":       {func(p map[string][]byte) { p["../x"] = []byte("x") }, "not a file of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			parts := entries(t, whole)
			c.change(parts)
			if _, err := artifact.Read(bytes.NewReader(archive(t, parts))); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want something with %q", err, c.says)
			}
		})
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"cut off":       {whole[:len(whole)/2], "not a whole package file"},
		"no archive":    {bytes.Repeat([]byte("x"), 1024), "not a whole package file"},
		"a link":        {archive(t, nil, &tar.Header{Name: "index.json", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), "not a file of its own"},
		"sparse":        {sparse(), "entries have more than"},
		"the same file": {append(bytes.Clone(whole[:len(whole)-1024]), whole...), "not a file of its own"},
	} {
		if _, err := artifact.Read(bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want something with %q", name, err, c.says)
		}
	}
	many := map[string][]byte{}
	for i := range 300 {
		many[fmt.Sprint("f", i)] = nil
	}
	if _, err := artifact.Read(bytes.NewReader(archive(t, many))); err == nil || !strings.Contains(err.Error(), "entries") {
		t.Errorf("many entries: got %v", err)
	}
}

// sparse is an archive whose one entry is far larger than the archive, in the way
// of PAX.
func sparse() []byte {
	const size = plugin.MaxComponentBytes * 16
	var records string
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=index.json", fmt.Sprint("GNU.sparse.realsize=", size)} {
		records += fmt.Sprintf("%d %s\n", len(r)+4, r) // lengths are of two digits
	}
	block := func(typeflag, data string) []byte {
		b := make([]byte, 1024)
		copy(b, "index.json")
		copy(b[100:], "0000644\x000000000\x000000000\x00")
		copy(b[124:], fmt.Sprintf("%011o\x0000000000000\x00        %s", len(data), typeflag))
		copy(b[257:], "ustar\x0000")
		sum := 0
		for _, c := range b[:512] {
			sum += int(c)
		}
		copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
		copy(b[512:], data)
		return b
	}
	parts := fmt.Sprintf("%-512s", "1\n"+fmt.Sprint(size)+"\n0\n") // one part, empty, at the end
	return slices.Concat(block("x", records), block("0", parts), make([]byte, 1024))
}

// A signature of another package does not come with this one.
func TestAnothersSignatureIsLeftAside(t *testing.T) {
	other := []byte("another component")
	p, err := artifact.New(manifest(t, other), other)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Sign(key(t, "a.example")); err != nil {
		t.Fatal(err)
	}
	foreign, mine := entries(t, written(t, p)), entries(t, written(t, pack(t)))
	var a, b struct {
		Manifests []json.RawMessage `json:"manifests"`
	}
	if err := errors.Join(json.Unmarshal(foreign["index.json"], &a), json.Unmarshal(mine["index.json"], &b)); err != nil {
		t.Fatal(err)
	}
	b.Manifests = append(b.Manifests, a.Manifests[1])
	for name, data := range foreign {
		if name != "index.json" {
			mine[name] = data
		}
	}
	if mine["index.json"], err = json.Marshal(b); err != nil {
		t.Fatal(err)
	}
	got, err := artifact.Read(bytes.NewReader(archive(t, mine)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Signatures()) != 0 {
		t.Errorf("got %d signatures", len(got.Signatures()))
	}
	// Both plugins in one file: which is meant?
	b.Manifests = append(b.Manifests, a.Manifests[0])
	if mine["index.json"], err = json.Marshal(b); err != nil {
		t.Fatal(err)
	}
	if _, err := artifact.Read(bytes.NewReader(archive(t, mine))); err == nil || !strings.Contains(err.Error(), "more than one plugin") {
		t.Errorf("got %v", err)
	}
}

func TestSignaturesAreBounded(t *testing.T) {
	p := pack(t)
	for i := range trust.MaxSignatures {
		if err := p.Sign(key(t, fmt.Sprint("k", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Sign(key(t, "one-more")); err == nil || !strings.Contains(err.Error(), "signatures") {
		t.Errorf("got %v", err)
	}
}
