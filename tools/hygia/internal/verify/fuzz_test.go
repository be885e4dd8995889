package verify_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
	"golang.org/x/mod/sumdb/note"
)

// FuzzCheckpoint: whatever is signed, a checkpoint that is taken says exactly
// what its three lines say.
func FuzzCheckpoint(f *testing.F) {
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		f.Fatal(err)
	}
	signer, _ := note.NewSigner(private)
	key, _ := note.NewVerifier(public)
	f.Add(origin + "\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add(origin + "\n03\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add(origin + "\n-1\nAAAA\nextra\n")
	f.Fuzz(func(t *testing.T, text string) {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			return
		}
		c, err := verify.ParseCheckpoint(string(signed), key)
		if err != nil {
			return
		}
		if !strings.HasPrefix(text, c.Origin+"\n") || !strings.Contains(text, "\n"+c.Root.String()+"\n") || c.Size < 0 {
			t.Fatalf("%q was read as %+v", text, c)
		}
	})
}
