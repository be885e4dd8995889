// Package gofile is a Go source file under construction: its lines, what it
// imports, and the names in its scopes. It knows nothing of WIT.
package gofile

import (
	"bytes"
	"fmt"
	"go/format"
	"path"
	"slices"
	"strings"
)

// File collects the lines of one Go file. The zero value is not ready for use.
type File struct {
	header  string
	docs    string
	pkg     string
	imports map[string]string
	body    bytes.Buffer
}

// New starts a file of package pkg. The header is a comment above all else.
func New(header, pkg string) *File {
	return &File{header: header, pkg: pkg, imports: map[string]string{}}
}

// PackageDocs sets the package's documentation.
func (f *File) PackageDocs(docs string) { f.docs = docs }

// Import adds an import and gives the name to call it by: the last element of
// its path.
func (f *File) Import(importPath string) string {
	return f.ImportAs(importPath, path.Base(importPath))
}

// ImportAs adds an import under a name. It panics where another import has the
// name, since whoever plans a package's imports must keep them apart.
func (f *File) ImportAs(importPath, name string) string {
	for other, taken := range f.imports {
		if taken == name && other != importPath {
			panic(fmt.Sprintf("gofile: %s and %s are both imported as %s", other, importPath, name))
		}
	}
	f.imports[importPath] = name
	return name
}

// Line writes one line, or several: gofmt sees to the indentation. Without a
// format, the line is empty.
func (f *File) Line(form string, args ...any) {
	fmt.Fprintf(&f.body, form, args...)
	f.body.WriteByte('\n')
}

// Doc writes a comment, wrapping lines that are not indented.
func (f *File) Doc(text string) {
	for _, line := range Wrap(text, commentWidth) {
		f.Line("%s", strings.TrimRight("// "+line, " "))
	}
}

// Block writes "head {", what body writes, and "}".
func (f *File) Block(head string, body func()) {
	f.Line("%s {", head)
	body()
	f.Line("}")
}

// Decl writes an empty line, a comment and a block: one declaration.
func (f *File) Decl(docs, head string, body func()) {
	f.Line("")
	f.Doc(docs)
	f.Block(head, body)
}

// Group writes an empty line, a comment and "keyword ( … )": a group of
// declarations.
func (f *File) Group(docs, keyword string, body func()) {
	f.Line("")
	f.Doc(docs)
	f.Line("%s (", keyword)
	body()
	f.Line(")")
}

// Bytes gives the whole file, formatted. An error means that the lines are not
// Go, and comes with the text.
func (f *File) Bytes() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\n", f.header)
	if f.docs != "" {
		for _, line := range Wrap(f.docs, commentWidth) {
			fmt.Fprintf(&b, "%s\n", strings.TrimRight("// "+line, " "))
		}
	}
	fmt.Fprintf(&b, "package %s\n", f.pkg)
	f.writeImports(&b)
	b.Write(f.body.Bytes())
	out, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format generated Go: %w\n%s", err, b.Bytes())
	}
	return out, nil
}

// writeImports writes the standard library's packages, then the others.
func (f *File) writeImports(b *bytes.Buffer) {
	if len(f.imports) == 0 {
		return
	}
	groups := make([][]string, 2)
	for importPath := range f.imports {
		group := 0
		if first, _, _ := strings.Cut(importPath, "/"); strings.Contains(first, ".") {
			group = 1
		}
		groups[group] = append(groups[group], importPath)
	}
	b.WriteString("\nimport (\n")
	for i, group := range groups {
		if i > 0 && len(groups[0]) > 0 && len(group) > 0 {
			b.WriteByte('\n')
		}
		slices.Sort(group)
		for _, importPath := range group {
			if name := f.imports[importPath]; name != path.Base(importPath) {
				fmt.Fprintf(b, "%s ", name)
			}
			fmt.Fprintf(b, "%q\n", importPath)
		}
	}
	b.WriteString(")\n")
}
