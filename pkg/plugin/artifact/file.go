package artifact

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/hygia-suite/hygia/pkg/strictjson"
)

const (
	maxEntries = 256
	blobs      = "blobs/sha256/"
)

// layout is an OCI image layout: each file's bytes by its name.
type layout map[string][]byte

func (l layout) add(data []byte) { l[blobName(digest.FromBytes(data))] = data }

// get is a source. The names of blobs were checked against their bytes.
func (l layout) get(d ocispec.Descriptor) ([]byte, error) {
	if err := d.Digest.Validate(); err != nil || d.Digest.Algorithm() != digest.SHA256 {
		return nil, errors.New("artifact: a part's digest is not sha256: and 64 digits")
	}
	data, ok := l[blobName(d.Digest)]
	if !ok || int64(len(data)) != d.Size {
		return nil, fmt.Errorf("artifact: the file lacks the part %s of %d bytes", d.Digest, d.Size)
	}
	return data, nil
}

func blobName(d digest.Digest) string { return blobs + d.Encoded() }

// Write writes the package as one file. Its bytes depend on nothing but the
// package's.
func (p *Package) Write(w io.Writer) error {
	l := layout{ocispec.ImageLayoutFile: []byte(`{"imageLayoutVersion":"1.0.0"}`)}
	l.add(p.oci)
	l.add(p.config)
	l.add(p.wasm)
	index := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{p.descriptor()},
	}
	for _, signature := range p.signatures {
		oci, err := p.referrer(signature)
		if err != nil {
			return err
		}
		l.add(oci)
		l.add(signature)
		l.add([]byte(nothing))
		d := describe(ocispec.MediaTypeImageManifest, oci)
		d.ArtifactType = SignatureType
		index.Manifests = append(index.Manifests, d)
	}
	text, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	l[ocispec.ImageIndexFile] = text
	return l.write(w)
}

// write writes the small files first: a reader that streams knows early what it
// has before it.
func (l layout) write(w io.Writer) error {
	names := make([]string, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if n := len(l[a]) - len(l[b]); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	t := tar.NewWriter(w)
	for _, name := range names {
		header := &tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: name, Size: int64(len(l[name])), Mode: 0o644}
		if err := t.WriteHeader(header); err != nil {
			return fmt.Errorf("artifact: %w", err)
		}
		if _, err := t.Write(l[name]); err != nil {
			return fmt.Errorf("artifact: %w", err)
		}
	}
	if err := t.Close(); err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	return nil
}

// Read reads a package from one file. It takes what other tools write as an OCI
// image layout too, as long as there is one plugin in it.
func Read(r io.Reader) (*Package, error) {
	l, err := readLayout(r)
	if err != nil {
		return nil, err
	}
	var index ocispec.Index
	if err := strictjson.DecodeOpen(l[ocispec.ImageIndexFile], maxOCIBytes, &index); err != nil {
		return nil, fmt.Errorf("artifact: index.json: %w", err)
	}
	if len(index.Manifests) > maxEntries {
		return nil, fmt.Errorf("artifact: index.json: more than %d entries", maxEntries)
	}
	p, err := l.plugin(index)
	if err != nil {
		return nil, err
	}
	for _, d := range index.Manifests {
		oci, err := fetch(l.get, d, maxOCIBytes)
		if err != nil {
			return nil, err
		}
		signature, err := signatureOf(oci, p.descriptor().Digest, l.get)
		if err != nil {
			return nil, err
		}
		if signature != nil {
			if err := p.attach(signature); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// plugin finds the one plugin of an index. A descriptor need not say what it
// describes: the manifest does.
func (l layout) plugin(index ocispec.Index) (*Package, error) {
	var found []byte
	for _, d := range index.Manifests {
		oci, err := fetch(l.get, d, maxOCIBytes)
		if err != nil {
			return nil, err
		}
		var m ocispec.Manifest
		if err := strictjson.DecodeOpen(oci, maxOCIBytes, &m); err != nil {
			return nil, fmt.Errorf("artifact: OCI manifest: %w", err)
		}
		if m.ArtifactType != ArtifactType {
			continue
		}
		if found != nil && !bytes.Equal(found, oci) {
			return nil, errors.New("artifact: the file holds more than one plugin: make a file of each")
		}
		found = oci
	}
	if found == nil {
		return nil, errors.New("artifact: the file holds no Hygia plugin")
	}
	return unpack(found, l.get)
}

// readLayout reads a layout's files into memory: a few, each and all together
// bounded, each under a name of its own, each blob under its digest.
func readLayout(r io.Reader) (layout, error) {
	t := tar.NewReader(io.LimitReader(r, MaxFileBytes))
	l, left := layout{}, int64(MaxFileBytes)
	for range maxEntries {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return nil, notLayout(err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		name := strings.TrimPrefix(header.Name, "./")
		if header.Typeflag != tar.TypeReg || !fs.ValidPath(name) || l[name] != nil {
			return nil, fmt.Errorf("artifact: the file's entry %.80q is not a file of its own", header.Name)
		}
		// A sparse entry is larger than what of it was read.
		if left -= header.Size; left < 0 {
			return nil, fmt.Errorf("artifact: the file's entries have more than %d bytes", int64(MaxFileBytes))
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return nil, notLayout(err)
		}
		if strings.HasPrefix(name, blobs) && name != blobName(digest.FromBytes(data)) {
			return nil, fmt.Errorf("artifact: the file's entry %.80q was altered: its digest is %s", name, digest.FromBytes(data))
		}
		l[name] = data
	}
	return nil, fmt.Errorf("artifact: the file has more than %d entries", maxEntries)
}

func notLayout(err error) error {
	return fmt.Errorf("artifact: not a whole package file of at most %d bytes: %w", int64(MaxFileBytes), err)
}
