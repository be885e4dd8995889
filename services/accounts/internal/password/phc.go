package password

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Bounds on what a stored hash may ask of this machine. A database that
// somebody wrote to must not make one login take minutes or gigabytes.
const (
	maxMemoryKiB = 1 << 20 // 1 GiB
	maxPasses    = 16
	maxLanes     = 16
	maxField     = 64 // bytes of salt and of tag
)

// phc is a hash in the PHC string format.
type phc struct {
	params    Params
	salt, tag []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.params.MemoryKiB, p.params.Passes, p.params.Lanes, b64(p.salt), b64(p.tag))
}

// parse reads a PHC string and answers ErrHash for anything that String does
// not write or that costs more than the bounds above.
func parse(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return phc{}, ErrHash
	}
	var p phc
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.params.MemoryKiB, &p.params.Passes, &p.params.Lanes); err != nil {
		return phc{}, ErrHash
	}
	var errSalt, errTag error
	p.salt, errSalt = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	p.tag, errTag = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if errSalt != nil || errTag != nil || !p.bounded() || p.String() != s {
		return phc{}, ErrHash
	}
	return p, nil
}

// bounded reports whether the hash is one that this machine computes.
func (p phc) bounded() bool {
	return p.params.Lanes >= 1 && p.params.Lanes <= maxLanes &&
		p.params.Passes >= 1 && p.params.Passes <= maxPasses &&
		p.params.MemoryKiB >= 8*uint32(p.params.Lanes) && p.params.MemoryKiB <= maxMemoryKiB &&
		len(p.salt) >= 8 && len(p.salt) <= maxField && len(p.tag) >= 16 && len(p.tag) <= maxField
}
