package parser

import (
	"encoding/json"
	"fmt"
	"math"
)

// spans are the arenas again, with offsets in place of content.
type spans struct {
	Worlds []struct {
		At               uint32
		Imports, Exports map[string]functionSpans
	}
	Interfaces []struct {
		At        uint32
		Functions map[string]functionSpans
	}
	Types []struct {
		At      uint32
		Members []uint32
	}
}

type functionSpans struct {
	At     uint32
	Params []uint32
}

// UnmarshalJSON reads what the component gives. The places must be there.
func (r *Resolved) UnmarshalJSON(data []byte) error {
	var output struct {
		Resolve json.RawMessage
		Spans   spans
	}
	if err := json.Unmarshal(data, &output); err != nil {
		return err
	}
	var arenas struct {
		Worlds     []World
		Interfaces []Interface
		Types      []Type
		Packages   []Declared
	}
	if err := json.Unmarshal(output.Resolve, &arenas); err != nil {
		return err
	}
	s := output.Spans
	if len(s.Worlds) != len(arenas.Worlds) || len(s.Interfaces) != len(arenas.Interfaces) || len(s.Types) != len(arenas.Types) {
		return fmt.Errorf("places of %d worlds, %d interfaces and %d types, where there are %d, %d and %d",
			len(s.Worlds), len(s.Interfaces), len(s.Types), len(arenas.Worlds), len(arenas.Interfaces), len(arenas.Types))
	}
	r.JSON = output.Resolve
	r.Worlds, r.Interfaces, r.Types, r.Packages = arenas.Worlds, arenas.Interfaces, arenas.Types, arenas.Packages
	for i := range r.Worlds {
		r.Worlds[i].Place = r.place(s.Worlds[i].At)
		r.items(r.Worlds[i].Imports, s.Worlds[i].Imports)
		r.items(r.Worlds[i].Exports, s.Worlds[i].Exports)
	}
	for i := range r.Interfaces {
		r.Interfaces[i].Place = r.place(s.Interfaces[i].At)
		for n := range r.Interfaces[i].Functions {
			f := &r.Interfaces[i].Functions[n]
			r.function(&f.Value, s.Interfaces[i].Functions[f.Key])
		}
	}
	for i := range r.Types {
		r.Types[i].Place = r.place(s.Types[i].At)
		for n := range r.Types[i].Kind.Members {
			if n < len(s.Types[i].Members) {
				r.Types[i].Kind.Members[n].Place = r.place(s.Types[i].Members[n])
			}
		}
	}
	return nil
}

func (r *Resolved) items(items Ordered[Item], spans map[string]functionSpans) {
	for n := range items {
		s := spans[items[n].Key]
		items[n].Value.Place = r.place(s.At)
		if f := items[n].Value.Function; f != nil {
			r.function(f, s)
		}
	}
}

func (r *Resolved) function(f *Function, s functionSpans) {
	f.Place = r.place(s.At)
	for n := range f.Params {
		if n < len(s.Params) {
			f.Params[n].Place = r.place(s.Params[n])
		}
	}
}

// place finds the place of an offset; the greatest one is that of what has none.
func (r *Resolved) place(at uint32) Place {
	if at == math.MaxUint32 {
		return Place{}
	}
	return r.places.find(at)
}
