package demo

import (
	"embed"
	"io/fs"
	"path"
)

//go:embed material/artigos.xml material/notas/*.txt
var material embed.FS

// Export is the WordPress export.
func Export() ([]byte, error) { return material.ReadFile("material/artigos.xml") }

// Note is one clinical note.
type Note struct{ Name, Text string }

// Notes gives the clinical notes, by name.
func Notes() ([]Note, error) {
	names, err := fs.Glob(material, "material/notas/*.txt")
	if err != nil {
		return nil, err
	}
	var notes []Note
	for _, name := range names {
		text, err := material.ReadFile(name)
		if err != nil {
			return nil, err
		}
		notes = append(notes, Note{path.Base(name), string(text)})
	}
	return notes, nil
}
