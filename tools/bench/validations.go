package main

import (
	"context"
	"embed"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
)

//go:embed plugins/cpf-rule/manifest.json plugins/cpf-rule/cpf-rule.wasm
var guests embed.FS //nolint:gochecknoglobals // embedded files are one

const (
	nativeRule  = "1 KiB validation, native Go"
	ruleOnOne   = "1 KiB validation, component, on one core"
	nativeOnOne = "1 KiB validation, native Go, on one core"
)

// validations measures a rule over 1 KiB of text, as a component and in Go, and how
// much more of either two cores do, in an engine as services have: unlike the no-op, it
// has a memory.
//
//nolint:contextcheck // measured as callNop
func validations(ctx context.Context) ([]contender, func(), error) {
	var rules [2]func() error
	var end []func()
	d, background := kibibyte(), context.Background()
	for i := range rules {
		engine, err := component.NewEngine(plugin.EngineConfig())
		if err != nil {
			return nil, nil, err
		}
		p, err := loadRule(ctx, engine)
		if err != nil {
			return nil, nil, err
		}
		end = append(end, p.Close, func() { _ = engine.Close() })
		validator := validation.NewValidator(p)
		rules[i] = func() error {
			_, err := validator.Validate(background, d)
			return err
		}
	}
	rule, native := rules[0], func() error {
		nativeValidate(d)
		return nil
	}
	stop := func() {
		for _, f := range end {
			f()
		}
	}
	return []contender{
		{name: "1 KiB validation, component, fresh instance", beside: nativeRule, op: rule},
		{name: nativeRule, op: native},
		{name: ruleOnOne, lanes: []func() error{rule}, confined: true, spare: true},
		{name: "the same validation, two goroutines on two", beside: ruleOnOne, lanes: []func() error{rule, rule}, spare: true},
		{name: "the same validation, an engine for each", beside: ruleOnOne, lanes: rules[:], spare: true},
		{name: nativeOnOne, lanes: []func() error{native}, confined: true, spare: true},
		{name: "the same in Go, two goroutines on two", beside: nativeOnOne, lanes: []func() error{native, native}, spare: true},
	}, stop, nil
}

func loadRule(ctx context.Context, engine *component.Engine) (*plugin.Plugin, error) {
	return plugin.Load(ctx, plugin.Options{
		Engine: engine, Files: plugin.Files(guests, "plugins/cpf-rule"), Exports: validation.ValidatorExports,
	})
}

// kibibyte is a document with 1 KiB of body, one CPF among numbers that are none.
func kibibyte() document.Document {
	const text = "<!-- wp:paragraph --><p>Protocolo 123.456.789-00; pressão 120/80; dose de 500 mg, lote 11111111111. </p><!-- /wp:paragraph -->\n"
	body := strings.Repeat(text, 8)[:1024-16] + " 529.982.247-25."
	return document.Document{
		Language: "pt-BR", Kind: document.EntryKindPost, Title: "Hipertensão arterial", Body: body,
		Authors: []document.Author{{DisplayName: "Equipe editorial"}},
	}
}
