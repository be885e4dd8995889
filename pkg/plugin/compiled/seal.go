package compiled

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// A file is: magic, the SHA-256 of the component's bytes, the engine's
// fingerprint, the MAC of all of the file but itself, the code.
const (
	magic     = "hygia compiled 1\n"
	sumBytes  = sha256.Size
	macAt     = len(magic) + 2*sumBytes
	codeAt    = macAt + sumBytes
	keyBytes  = 32
	maxHeader = codeAt
)

// errRefused: a file is not what this host wrote for this component and engine.
var errRefused = errors.New("compiled: not written by this host for this component and engine")

// sealer writes and reads files under a key. It is immutable.
type sealer struct {
	key    []byte
	engine [sumBytes]byte
}

func (s sealer) header(component [sumBytes]byte) []byte {
	h := make([]byte, 0, maxHeader)
	h = append(h, magic...)
	h = append(h, component[:]...)
	return append(h, s.engine[:]...)
}

func (s sealer) mac(header, code []byte) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write(header)
	m.Write(code)
	return m.Sum(nil)
}

// seal returns what comes before the code in a file.
func (s sealer) seal(component [sumBytes]byte, code []byte) []byte {
	header := s.header(component)
	return append(header, s.mac(header, code)...)
}

// open returns the code of a file, or errRefused.
func (s sealer) open(component [sumBytes]byte, file []byte) ([]byte, error) {
	if len(file) < codeAt {
		return nil, errRefused
	}
	code := file[codeAt:]
	if !hmac.Equal(file[:codeAt], s.seal(component, code)) {
		return nil, errRefused
	}
	return code, nil
}
