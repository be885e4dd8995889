package artifact_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// What is read is whole, and can be written and read again.
func FuzzRead(f *testing.F) {
	// A signature that is the same in every process, as fuzzing wants its seeds:
	// the key's seed is all zeros.
	path := filepath.Join(f.TempDir(), "key")
	if err := os.WriteFile(path, []byte("PRIVATE+KEY+fuzz.example+14e9d81a+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 0o600); err != nil {
		f.Fatal(err)
	}
	zero, err := trust.ReadKey(path)
	if err != nil {
		f.Fatal(err)
	}
	p := pack(f)
	f.Add(written(f, p))
	if err := p.Sign(zero); err != nil {
		f.Fatal(err)
	}
	f.Add(written(f, p))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := artifact.Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		again, err := artifact.Read(bytes.NewReader(written(t, p)))
		if err != nil {
			t.Fatal(err)
		}
		if again.Digest() != p.Digest() || len(again.Signatures()) != len(p.Signatures()) {
			t.Errorf("%s became %s", p.Digest(), again.Digest())
		}
		wasm, err := fs.ReadFile(p.Files(), p.Manifest().Name+".wasm")
		if err != nil || p.Manifest().CheckDigest(wasm) != nil {
			t.Errorf("the component is not the manifest's: %v", err)
		}
	})
}
