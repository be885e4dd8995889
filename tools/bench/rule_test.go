package main

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
)

// What is compared must do the same: the component and the Go function find the
// same in any text.
func TestBothRulesAreTheSame(t *testing.T) {
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	p, err := loadRule(t.Context(), engine)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	validator := validation.NewValidator(p)
	ctx := t.Context()
	same := func(t interface{ Fatalf(string, ...any) }, d document.Document) int {
		got, err := validator.Validate(ctx, d)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if want := nativeValidate(d); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: the component found %+v, Go %+v", d.Body, got, want)
		}
		return len(got)
	}
	if n := same(t, kibibyte()); n != 1 || len(kibibyte().Body) != 1024 {
		t.Errorf("%d findings in %d bytes", n, len(kibibyte().Body))
	}
	pieces := rapid.SampledFrom([]string{
		"529.982.247-25", "52998224725", "111.444.777-35", "11144477735", "111.111.111-11",
		"1", "25", ".", "-", " ", "é", "529982247250", "529.982.24725",
	})
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(t, "pieces"), "")
		same(t, document.Document{Kind: document.EntryKindPage, Body: body})
	})
}
