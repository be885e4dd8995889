package compiled

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// A file is: magic, the subject's way and digest, the engine's fingerprint, the MAC
// of all of the file but itself, the code.
const (
	magic    = "hygia compiled 1\n"
	sumBytes = sha256.Size
	codeAt   = len(magic) + 1 + 3*sumBytes
	keyBytes = 32
)

// subject is what a file is of.
type subject struct {
	way byte           // in which it was compiled
	sum [sumBytes]byte // SHA-256 of the component's bytes
}

// The ways of compiling.
const (
	fast  = 'f' // Engine.Compile's
	plain = 'p' // Engine.CompilePlain's
)

// errRefused: a file is not what this host wrote for this component and engine.
var errRefused = errors.New("compiled: not written by this host for this component and engine")

// sealer writes and reads files under a key. It is immutable.
type sealer struct {
	key    []byte
	engine [sumBytes]byte
}

func (s sealer) header(of subject) []byte {
	h := make([]byte, 0, codeAt)
	h = append(h, magic...)
	h = append(h, of.way)
	h = append(h, of.sum[:]...)
	return append(h, s.engine[:]...)
}

func (s sealer) mac(header, code []byte) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write(header)
	m.Write(code)
	return m.Sum(nil)
}

// seal returns what comes before the code in a file.
func (s sealer) seal(of subject, code []byte) []byte {
	header := s.header(of)
	return append(header, s.mac(header, code)...)
}

// open returns the code of a file, or errRefused.
func (s sealer) open(of subject, file []byte) ([]byte, error) {
	if len(file) < codeAt {
		return nil, errRefused
	}
	code := file[codeAt:]
	if !hmac.Equal(file[:codeAt], s.seal(of, code)) {
		return nil, errRefused
	}
	return code, nil
}
