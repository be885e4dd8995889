// Package artifact packs a plugin for distribution: its manifest, its component
// and their signatures, as an OCI artifact. It travels through any OCI registry,
// or as one file, the OCI image layout as a tar, to where no network reaches.
//
// The artifact follows the CNCF layout for WebAssembly: a config of type
// application/vnd.wasm.config.v0+json and one layer of type application/wasm, so
// that other tools can pull the component. The plugin's manifest is a member of
// that config. A signature is an artifact of its own that refers to the plugin's,
// as an OCI referrer; so may an SBOM be, or a statement of provenance.
//
// A package is addressed by the digest of its OCI manifest, which names the
// digests of all else. Nothing is taken from outside whose size is not bounded
// and whose digest is not checked. The same manifest and component give the same
// bytes each time.
package artifact
