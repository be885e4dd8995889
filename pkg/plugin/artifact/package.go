package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/pkg/strictjson"
)

// The types of the parts.
const (
	// ArtifactType is a plugin's.
	ArtifactType = "application/vnd.hygia.plugin.v1"
	// SignatureType is that of a signature, as an artifact and as its layer.
	SignatureType = "application/vnd.hygia.plugin.signature.v1"
	// FileType is that of a package as one file.
	FileType = "application/vnd.hygia.plugin.v1.tar"

	configType    = "application/vnd.wasm.config.v0+json"
	componentType = "application/wasm"
)

// What a package may hold.
const (
	maxConfigBytes = 2 * plugin.MaxManifestBytes
	maxOCIBytes    = 256 << 10 // an OCI manifest or index
	// MaxFileBytes bounds a package as one file.
	MaxFileBytes = plugin.MaxComponentBytes + 4<<20
)

// Package is a plugin that may be signed, stored or loaded. Its parts fit each
// other; who signed them is for trust.Policy to say. It is safe for concurrent
// use, but for Sign.
type Package struct {
	manifest   plugin.Manifest
	text       []byte // the manifest's
	oci        []byte // the OCI manifest
	config     []byte
	wasm       []byte
	signatures [][]byte
}

// config is a CNCF config with the plugin's manifest in it. Its time is fixed, so
// that equal plugins are equal bytes.
type config struct {
	Created      string          `json:"created"`
	Architecture string          `json:"architecture"`
	OS           string          `json:"os"`
	LayerDigests []digest.Digest `json:"layerDigests"`
	Component    struct {
		Exports []string `json:"exports"`
		Imports []string `json:"imports"`
		Target  string   `json:"target"`
	} `json:"component"`
	Plugin json.RawMessage `json:"plugin"`
}

// New packs a component with its manifest, whose digest must be the component's.
// The component itself is not looked into.
func New(manifest, wasm []byte) (*Package, error) {
	m, err := plugin.ParseManifest(manifest)
	if err != nil {
		return nil, err
	}
	if err := checkComponent(m, wasm); err != nil {
		return nil, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	layer := describe(componentType, wasm)
	c := config{
		Created: "1970-01-01T00:00:00Z", Architecture: "wasm", OS: "wasip2",
		LayerDigests: []digest.Digest{layer.Digest}, Plugin: text,
	}
	c.Component.Exports, c.Component.Target = m.Exports, m.World
	c.Component.Imports = append([]string{}, m.Grants.Interfaces...)
	p := &Package{manifest: m, text: text, wasm: wasm}
	if p.config, err = json.Marshal(c); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	p.oci, err = json.Marshal(ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: ArtifactType,
		Config:       describe(configType, p.config),
		Layers:       []ocispec.Descriptor{layer},
		Annotations: map[string]string{
			ocispec.AnnotationTitle:       m.Name,
			ocispec.AnnotationVersion:     m.Version,
			ocispec.AnnotationDescription: m.Description,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	return p, nil
}

func checkComponent(m plugin.Manifest, wasm []byte) error {
	if len(wasm) > plugin.MaxComponentBytes {
		return fmt.Errorf("artifact: %s: the component has more than %d bytes", m.Name, plugin.MaxComponentBytes)
	}
	return m.CheckDigest(wasm)
}

// A source gives the bytes that a descriptor names: exactly those, digest and
// size checked.
type source func(ocispec.Descriptor) ([]byte, error)

// unpack puts a package together from its OCI manifest.
func unpack(oci []byte, get source) (*Package, error) {
	var outer ocispec.Manifest
	if err := strictjson.DecodeOpen(oci, maxOCIBytes, &outer); err != nil {
		return nil, fmt.Errorf("artifact: OCI manifest: %w", err)
	}
	if outer.ArtifactType != ArtifactType || outer.Config.MediaType != configType ||
		len(outer.Layers) != 1 || outer.Layers[0].MediaType != componentType {
		return nil, errors.New("artifact: not a Hygia plugin of this format: " +
			"its OCI manifest must be of type " + ArtifactType + ", with one layer of type " + componentType)
	}
	p := &Package{oci: oci}
	var err error
	if p.config, err = fetch(get, outer.Config, maxConfigBytes); err != nil {
		return nil, err
	}
	var inner struct {
		Plugin json.RawMessage `json:"plugin"`
	}
	if err := strictjson.DecodeOpen(p.config, maxConfigBytes, &inner); err != nil {
		return nil, fmt.Errorf("artifact: config: %w", err)
	}
	p.text = inner.Plugin
	if p.manifest, err = plugin.ParseManifest(p.text); err != nil {
		return nil, err
	}
	if p.wasm, err = fetch(get, outer.Layers[0], plugin.MaxComponentBytes); err != nil {
		return nil, err
	}
	if err := checkComponent(p.manifest, p.wasm); err != nil {
		return nil, err
	}
	return p, nil
}

func fetch(get source, d ocispec.Descriptor, most int64) ([]byte, error) {
	if d.Size < 0 || d.Size > most {
		return nil, fmt.Errorf("artifact: a part of type %.80q has %d bytes, more than %d", d.MediaType, d.Size, most)
	}
	return get(d)
}

func describe(mediaType string, data []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
}

// descriptor names the package's OCI manifest.
func (p *Package) descriptor() ocispec.Descriptor {
	d := describe(ocispec.MediaTypeImageManifest, p.oci)
	d.ArtifactType = ArtifactType
	return d
}

// Manifest returns the plugin's manifest.
func (p *Package) Manifest() plugin.Manifest { return p.manifest }

// Digest returns the digest of the OCI manifest, "sha256:" and 64 digits: the
// package's address, and what is signed.
func (p *Package) Digest() string { return p.descriptor().Digest.String() }

// Statement returns what a signature of this package says.
func (p *Package) Statement() trust.Statement {
	return trust.Statement{Name: p.manifest.Name, Version: p.manifest.Version, Digest: p.Digest()}
}

// Signatures returns the signatures that are with the package, whoever made them.
func (p *Package) Signatures() [][]byte { return slices.Clone(p.signatures) }

// Sign adds a signature. The same key's again changes nothing.
func (p *Package) Sign(key *trust.Key) error {
	signature, err := key.Sign(p.Statement())
	if err != nil {
		return err
	}
	return p.attach(signature)
}

// attach keeps signatures sorted, so that a file's bytes do not tell their order.
func (p *Package) attach(signature []byte) error {
	if len(signature) > trust.MaxSignatureBytes {
		return fmt.Errorf("artifact: a signature has more than %d bytes", trust.MaxSignatureBytes)
	}
	at, found := slices.BinarySearchFunc(p.signatures, signature, bytes.Compare)
	if found {
		return nil
	}
	if len(p.signatures) == trust.MaxSignatures {
		return fmt.Errorf("artifact: more than %d signatures", trust.MaxSignatures)
	}
	p.signatures = slices.Insert(p.signatures, at, bytes.Clone(signature))
	return nil
}
