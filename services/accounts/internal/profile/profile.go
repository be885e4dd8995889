// Package profile seals what identifies a person before it is stored: e-mail,
// name and registration lie on disk as ciphertext alone (LGPD art. 46).
//
// Two keysets in the service's folder hold the keys: one for AES-256-GCM, one
// for the keyed index by which a person is found from an e-mail. Who has the
// database without them learns neither an address nor whether a guessed one is
// in it.
package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/text/unicode/norm"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/services/accounts/internal/keyfile"
)

// Names of the keyset files, in the service's folder.
const (
	sealFile  = "profile-seal.keys"
	indexFile = "email-index.keys"
)

const indexBytes = 32

// ErrKeys means that what is stored was sealed with other keys, or tampered with.
var ErrKeys = errors.New("profile: sealed with other keys than those in " + sealFile + " and " + indexFile)

// Profile is what identifies a person.
type Profile struct {
	Email       string
	DisplayName string
	Credential  *actor.Credential `json:",omitempty"`
}

// Vault seals and unseals profiles. It is safe for concurrent use.
type Vault struct {
	seal  tink.AEAD
	index *prf.Set
}

// Open reads the keysets from a folder, and makes those that are missing.
func Open(dir string) (*Vault, error) {
	sealing, err := open(filepath.Join(dir, sealFile), aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	indexing, err := open(filepath.Join(dir, indexFile), prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, err
	}
	v := &Vault{}
	if v.seal, err = aead.New(sealing); err != nil {
		return nil, fmt.Errorf("profile: %s: %w", sealFile, err)
	}
	if v.index, err = prf.NewPRFSet(indexing); err != nil {
		return nil, fmt.Errorf("profile: %s: %w", indexFile, err)
	}
	return v, nil
}

// open reads a keyset, or makes one with a single key of the template. The
// keyset is not encrypted itself: a KMS's key would take that part.
func open(path string, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	data, err := keyfile.ReadOrMake(path, func() ([]byte, error) {
		h, err := keyset.NewHandle(template)
		if err != nil {
			return nil, fmt.Errorf("profile: make keys: %w", err)
		}
		var b bytes.Buffer
		if err := insecurecleartextkeyset.Write(h, keyset.NewBinaryWriter(&b)); err != nil {
			return nil, fmt.Errorf("profile: make keys: %w", err)
		}
		return b.Bytes(), nil
	})
	if err != nil {
		return nil, err
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(data)))
	if err != nil {
		return nil, fmt.Errorf("profile: %s is not a keyset: %w", path, err)
	}
	return h, nil
}

// Seal encrypts a profile for the row of one person: it opens nowhere else.
func (v *Vault) Seal(tenant, person string, p Profile) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("profile: encode: %w", err)
	}
	sealed, err := v.seal.Encrypt(plain, row(tenant, person))
	if err != nil {
		return nil, fmt.Errorf("profile: seal: %w", err)
	}
	return sealed, nil
}

// Unseal decrypts the profile of one person's row, or answers ErrKeys.
func (v *Vault) Unseal(tenant, person string, sealed []byte) (Profile, error) {
	plain, err := v.seal.Decrypt(sealed, row(tenant, person))
	if err != nil {
		return Profile{}, ErrKeys
	}
	var p Profile
	if err := json.Unmarshal(plain, &p); err != nil {
		return Profile{}, errors.New("profile: sealed content is not a profile")
	}
	return p, nil
}

// EmailIndex returns the 32 bytes by which a tenant's person is found. Upper and
// lower case make no difference, nor does how an accent is composed.
func (v *Vault) EmailIndex(tenant, email string) ([]byte, error) {
	normal := strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
	index, err := v.index.ComputePrimaryPRF(row(tenant, normal), indexBytes)
	if err != nil {
		return nil, fmt.Errorf("profile: index: %w", err)
	}
	return index, nil
}

// Check returns a value to keep beside what was sealed, for Verify.
func (v *Vault) Check() ([]byte, error) {
	index, err := v.EmailIndex("", "")
	if err != nil {
		return nil, err
	}
	sealed, err := v.seal.Encrypt(index, nil)
	if err != nil {
		return nil, fmt.Errorf("profile: seal: %w", err)
	}
	return sealed, nil
}

// Verify answers ErrKeys where a vault with other keys made the check: without
// it, a lost key file would be replaced, and everybody would be unknown.
func (v *Vault) Verify(check []byte) error {
	index, err := v.EmailIndex("", "")
	if err != nil {
		return err
	}
	if kept, err := v.seal.Decrypt(check, nil); err != nil || !bytes.Equal(kept, index) {
		return ErrKeys
	}
	return nil
}

// row joins two parts so that no two pairs give the same bytes: neither a
// UUID nor an address holds the separator.
func row(tenant, rest string) []byte { return []byte(tenant + "\x00" + rest) }
