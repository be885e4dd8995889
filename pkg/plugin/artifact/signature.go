package artifact

import (
	"encoding/json"
	"fmt"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/pkg/strictjson"
)

// nothing is the config of a signature. Its type is the signature's: some
// registries list referrers by that and know no artifact type.
const nothing = "{}"

// referrer returns the OCI manifest of a signature that refers to the package.
func (p *Package) referrer(signature []byte) ([]byte, error) {
	subject := p.descriptor()
	subject.ArtifactType = ""
	data, err := json.Marshal(ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: SignatureType,
		Config:       describe(SignatureType, []byte(nothing)),
		Layers:       []ocispec.Descriptor{describe(SignatureType, signature)},
		Subject:      &subject,
	})
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	return data, nil
}

// signatureOf reads the signature that an OCI manifest holds for a subject. It is
// nil where that is a manifest of something else.
func signatureOf(oci []byte, subject digest.Digest, get source) ([]byte, error) {
	var m ocispec.Manifest
	if err := strictjson.DecodeOpen(oci, maxOCIBytes, &m); err != nil {
		return nil, fmt.Errorf("artifact: OCI manifest of a signature: %w", err)
	}
	if m.ArtifactType != SignatureType || m.Subject == nil || m.Subject.Digest != subject ||
		len(m.Layers) != 1 || m.Layers[0].MediaType != SignatureType {
		return nil, nil
	}
	return fetch(get, m.Layers[0], trust.MaxSignatureBytes)
}
