// Package parser reads WIT with the parser that wasm-tools has, which knows where
// every declaration stands. It is written in Rust, built to a component that is
// embedded here, and run by pkg/component: no file, clock or network is in its
// reach.
package parser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hygia-suite/hygia/pkg/component"
)

// resolver is built from the folder of that name by tools/plugins.
//
//go:embed resolver/resolver.wasm
var resolver []byte

// MaxBytes bounds what Resolve takes: all files of all packages together.
const MaxBytes = 4 << 20

// Parser resolves packages. It is safe for concurrent use. Close it when done
// with it.
type Parser struct {
	engine  *component.Engine
	program *component.Program
	resolve *component.Export
}

// New makes a parser. It compiles the component, which takes 1.8 s of CPU time.
func New(ctx context.Context) (_ *Parser, err error) {
	engine, err := component.NewEngine(component.Config{MaxInstances: 8})
	if err != nil {
		return nil, fmt.Errorf("start the parser: %w", err)
	}
	p := &Parser{engine: engine, resolve: resolveExport()}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start the parser: %w", err), p.Close())
		}
	}()
	compiled, err := engine.Compile(ctx, resolver)
	if err != nil {
		return nil, err
	}
	defer compiled.Close()
	p.program, err = engine.Link(compiled, component.LinkOptions{
		Exports: []*component.Export{p.resolve},
		Limits: component.Limits{
			Deadline:    time.Minute,
			MemoryBytes: 512 << 20,
			ArgBytes:    2 * MaxBytes,
			ResultBytes: 64 << 20,
		},
	})
	return p, err
}

// Close ends the parser.
func (p *Parser) Close() error {
	if p.program != nil {
		p.program.Close()
	}
	return p.engine.Close()
}

// File is one file of a package: WIT, or what its name's end says, a package in
// the binary (.wasm) or text form (.wat) of WebAssembly.
type File struct {
	Name    string
	Content []byte
}

func (f File) wasm() bool {
	return strings.HasSuffix(f.Name, ".wasm") || strings.HasSuffix(f.Name, ".wat")
}

// Package is the files of one folder. One package is declared by them all, and
// others may be nested in it.
type Package []File

// Place is where something stands: Line and Column count from 1, and Column
// counts bytes. The zero Place is nowhere.
type Place struct {
	File         string
	Line, Column int
}

// Error is a refusal of what the files say.
type Error struct {
	// Place is the zero one where no place is known, as for a package in
	// WebAssembly.
	Place   Place
	Message string
}

func (e *Error) Error() string {
	if e.Place == (Place{}) {
		return e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Place.File, e.Place.Line, e.Place.Column, e.Message)
}

// Resolve resolves packages, of which each may use the others by name, with the
// given unstable features. What the files say wrongly is an *Error.
func (p *Parser) Resolve(ctx context.Context, packages []Package, features []string) (*Resolved, error) {
	places, err := newPlaces(packages)
	if err != nil {
		return nil, err
	}
	var text string
	var failure *Error
	err = p.program.Call(ctx, p.resolve,
		func(enc *component.Encoder) { lower(enc, packages, features) },
		func(dec *component.Decoder) {
			if dec.Case() == 0 {
				text = dec.String()
				return
			}
			failure = &Error{Message: dec.String()}
			if dec.Option() {
				failure.Place = places.find(dec.U32())
			} else {
				failure.Place = places.named(failure.Message)
			}
		})
	switch {
	case err != nil:
		return nil, fmt.Errorf("resolve WIT: %w", err)
	case failure != nil:
		return nil, failure
	}
	r := &Resolved{places: places}
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("read what the parser of WIT gives: %w", err)
	}
	return r, nil
}

func lower(enc *component.Encoder, packages []Package, features []string) {
	enc.List(len(packages))
	for _, files := range packages {
		enc.List(len(files))
		for _, f := range files {
			enc.String(f.Name)
			if !f.wasm() {
				enc.Case(0)
				enc.String(string(f.Content))
				continue
			}
			enc.Case(1)
			enc.Bytes(f.Content)
		}
	}
	enc.List(len(features))
	for _, f := range features {
		enc.String(f)
	}
}

// resolveExport makes the description of what resolver/wit declares.
func resolveExport() *component.Export {
	return &component.Export{
		Interface: "hygia:witgen/resolver@0.1.0",
		Name:      "resolve",
		Signature: component.Signature{
			Params: []component.Field{
				{Name: "packages", Type: component.ListOf(component.ListOf(component.RecordOf("file",
					component.Field{Name: "name", Type: component.String},
					component.Field{Name: "content", Type: component.VariantOf("content",
						component.Case{Name: "text", Type: component.String},
						component.Case{Name: "wasm", Type: component.ListOf(component.U8)},
					)},
				)))},
				{Name: "features", Type: component.ListOf(component.String)},
			},
			Result: component.ResultOf(component.String, component.RecordOf("failure",
				component.Field{Name: "message", Type: component.String},
				component.Field{Name: "at", Type: component.OptionOf(component.U32)},
			)),
		},
	}
}

// places finds the place of an offset into all text, each file followed by one
// byte.
type places []File

// newPlaces checks what comes in, and lists its files of text.
func newPlaces(packages []Package) (places, error) {
	var all places
	size := 0
	for _, files := range packages {
		for _, f := range files {
			if size += len(f.Content) + len(f.Name); size > MaxBytes {
				return nil, fmt.Errorf("resolve WIT: the files hold more than %d bytes", MaxBytes)
			}
			if f.wasm() {
				continue
			}
			if !utf8.Valid(f.Content) {
				return nil, &Error{Place: places{f}.find(invalid(f.Content)), Message: "the file is not UTF-8"}
			}
			all = append(all, f)
		}
	}
	return all, nil
}

// invalid is the offset of the first byte that is not UTF-8.
func invalid(b []byte) uint32 {
	at := 0
	for {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size <= 1 {
			return uint32(at) //nolint:gosec // at most MaxBytes
		}
		at += size
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// named finds the place of the name that a message quotes first: some refusals of
// the parser come without a place.
func (p places) named(message string) Place {
	name := quoted.FindStringSubmatch(message)
	if name == nil {
		return Place{}
	}
	word := regexp.MustCompile(`(?:^|[^0-9A-Za-z-])(` + regexp.QuoteMeta(name[1]) + `)(?:[^0-9A-Za-z-]|$)`)
	for _, f := range p {
		if at := word.FindSubmatchIndex(f.Content); at != nil {
			return places{f}.find(uint32(at[2])) //nolint:gosec // at most MaxBytes
		}
	}
	return Place{}
}

func (p places) find(offset uint32) Place {
	at := int(offset)
	for _, f := range p {
		if at > len(f.Content) {
			at -= len(f.Content) + 1
			continue
		}
		before := string(f.Content[:at])
		return Place{
			File:   f.Name,
			Line:   strings.Count(before, "\n") + 1,
			Column: at - strings.LastIndexByte(before, '\n'),
		}
	}
	return Place{}
}
