package compiled

import "crypto/sha256"

// Seal makes a file's bytes under a key.
func Seal(key, wasm, engine, code []byte) []byte {
	s := sealer{key: key, engine: sha256.Sum256(engine)}
	return append(s.seal(subject{fast, sha256.Sum256(wasm)}, code), code...)
}

// Unseal reads a file's bytes.
func Unseal(key, wasm, engine, file []byte) ([]byte, error) {
	s := sealer{key: key, engine: sha256.Sum256(engine)}
	return s.open(subject{fast, sha256.Sum256(wasm)}, file)
}
