// Package password hashes and checks passwords with Argon2id (RFC 9106).
//
// A hash is kept as a PHC string, which names its own parameters:
// $argon2id$v=19$m=65536,t=3,p=4$<salt>$<tag>. Whoever changes the parameters
// changes them for new hashes; Check says which old ones are to be made anew.
package password

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/secure/precis"
)

// Bounds of a password, in bytes of its normalised form but for the first.
const (
	// MinRunes is the shortest password, in characters (NIST SP 800-63B asks for
	// 8 beside a second factor, 15 alone; 12 is what the API promises).
	MinRunes = 12
	// MaxBytes is the longest: enough for a passphrase, too little to make
	// normalising it a burden.
	MaxBytes = 1024
)

// Errors of Hash and Check.
var (
	ErrShort   = fmt.Errorf("password: shorter than %d characters", MinRunes)
	ErrInvalid = errors.New("password: holds characters that no password may, or is too long")
	ErrWrong   = errors.New("password: wrong")
	ErrBusy    = errors.New("password: too many are being checked")
	ErrHash    = errors.New("password: the stored hash cannot be read")
)

// Params are the costs of a hash.
type Params struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// Recommended returns the parameters of RFC 9106 section 4, second choice, for
// machines that cannot spare 2 GiB for each password: 64 MiB, 3 passes, 4
// lanes, a salt of 16 bytes and a tag of 32. It takes some 60 ms on two cores.
func Recommended() Params { return Params{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 4} }

const (
	saltBytes = 16
	tagBytes  = 32
)

// Config are a Hasher's dependencies.
type Config struct {
	// Params are what new hashes cost.
	Params Params
	// Parallel is how many hashes may be computed at once; each takes
	// Params.MemoryKiB. At least 1.
	Parallel int
	// Waiting is how many more may wait for their turn; beyond it ErrBusy is
	// answered at once.
	Waiting int
	// Random is a cryptographic source for salts.
	Random io.Reader
}

// Hasher hashes passwords with bounded concurrency, so that no number of
// logins exhausts the memory. It is safe for concurrent use.
type Hasher struct {
	params  Params
	random  io.Reader
	turns   chan struct{} // holds one value for each hash under way
	entered chan struct{} // holds one value for each under way or waiting
	dummy   phc
}

// New makes a hasher, and the dummy hash that stands in for accounts that do
// not exist.
func New(c Config) (*Hasher, error) {
	if c.Params.Lanes < 1 || c.Params.Passes < 1 || c.Params.MemoryKiB < 8*uint32(c.Params.Lanes) {
		return nil, fmt.Errorf("password: parameters %+v are below Argon2's minimum", c.Params)
	}
	parallel := max(c.Parallel, 1)
	h := &Hasher{
		params: c.Params, random: c.Random,
		turns:   make(chan struct{}, parallel),
		entered: make(chan struct{}, parallel+max(c.Waiting, 0)),
	}
	salt, err := h.salt()
	if err != nil {
		return nil, err
	}
	// No password is known to have an all-zero tag; and Check answers ErrWrong
	// for the dummy whatever the tag.
	h.dummy = phc{params: c.Params, salt: salt, tag: make([]byte, tagBytes)}
	return h, nil
}

// Hash returns the PHC string of a password that is being set. It answers
// ErrShort or ErrInvalid for one that may not be set, ErrBusy, or the
// context's error where it ends before a turn came.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	normal, err := normalise(password)
	if err != nil {
		return "", err
	}
	if utf8.RuneCount(normal) < MinRunes {
		return "", ErrShort
	}
	salt, err := h.salt()
	if err != nil {
		return "", err
	}
	p := phc{params: h.params, salt: salt}
	if p.tag, err = h.compute(ctx, normal, p.params, salt, tagBytes); err != nil {
		return "", err
	}
	return p.String(), nil
}

// Check compares a password with a PHC string, and says whether the hash is to
// be made anew since its parameters are not today's. An empty hash stands for
// an account that does not exist or has no password: the work is the same, the
// answer is ErrWrong. ErrBusy, ErrHash and the context's error say nothing
// about the password.
func (h *Hasher) Check(ctx context.Context, hash, password string) (stale bool, err error) {
	p, real := h.dummy, hash != ""
	if real {
		if p, err = parse(hash); err != nil {
			return false, err
		}
	}
	normal, err := normalise(password)
	if err != nil {
		// Hashed all the same: how long the answer takes must not tell whether
		// the account exists.
		normal, real = []byte{}, false
	}
	tag, err := h.compute(ctx, normal, p.params, p.salt, uint32(len(p.tag)))
	if err != nil {
		return false, err
	}
	if equal := subtle.ConstantTimeCompare(tag, p.tag) == 1; !equal || !real {
		return false, ErrWrong
	}
	return p.params != h.params || len(p.salt) != saltBytes || len(p.tag) != tagBytes, nil
}

// compute waits for a turn and hashes. The hash itself cannot be interrupted.
func (h *Hasher) compute(ctx context.Context, password []byte, p Params, salt []byte, length uint32) ([]byte, error) {
	select {
	case h.entered <- struct{}{}:
		defer func() { <-h.entered }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey(password, salt, p.Passes, p.MemoryKiB, p.Lanes, length), nil
}

func (h *Hasher) salt() ([]byte, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return nil, fmt.Errorf("password: read a salt: %w", err)
	}
	return salt, nil
}

// normalise applies the OpaqueString profile of RFC 8265, so that "é" is one
// password however a keyboard composes it.
func normalise(password string) ([]byte, error) {
	if len(password) > MaxBytes || !utf8.ValidString(password) {
		return nil, ErrInvalid
	}
	normal, err := precis.OpaqueString.Bytes([]byte(password))
	if err != nil || len(normal) > MaxBytes {
		return nil, ErrInvalid
	}
	return normal, nil
}
