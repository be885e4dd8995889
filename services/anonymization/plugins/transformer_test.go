package plugins_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/plugin/plugintest"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/services/anonymization/plugins"
)

type (
	label = anonymization.ActionLabel
	mask  = anonymization.ActionMask
	rule  = anonymization.Rule
	span  = anonymization.Span
)

func transformer(tb testing.TB) anonymization.Transformer {
	return anonymization.NewTransformer(plugintest.Load(tb, plugins.Mask(), anonymization.TransformerExports))
}

var byKind = anonymization.Policy{
	Rules: []rule{
		{Identifier: anonymization.IdentifierCPF, Action: mask(2)},
		{Identifier: anonymization.IdentifierPhone, Action: label("[TELEFONE]")},
		{Identifier: anonymization.IdentifierDate, Action: anonymization.ActionKeep{}},
	},
	Fallback: anonymization.ActionRemove{},
}

func TestDetectorAndTransformerTogether(t *testing.T) {
	d, m := detector(t), transformer(t)
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"Nada aqui.", "Nada aqui."},
		{
			"Ana, CPF 529.982.247-25, tel. (11) 98765-4321, ana@exemplo.com, em 12/03/2024.",
			"Ana, CPF ***.***.***-25, tel. [TELEFONE], , em 12/03/2024.",
		},
		{"João (joão@exemplo.com) 😀 CPF 52998224725", "João () 😀 CPF *********25"},
	} {
		spans, err := d.Detect(t.Context(), c.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Transform(t.Context(), c.text, spans, byKind)
		if err != nil {
			t.Fatal(err)
		}
		if got.Text != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got.Text, c.want)
		}
		for i, r := range got.Replacements {
			if !reflect.DeepEqual(r.Span, spans[i]) {
				t.Errorf("%q: replacement %d is of %+v, want %+v", c.text, i, r.Span, spans[i])
			}
		}
	}
}

func TestTransformerRefuses(t *testing.T) {
	m := transformer(t)
	everything := anonymization.Policy{Fallback: mask(0)}
	for name, c := range map[string]struct {
		text   string
		spans  []span
		policy anonymization.Policy
		want   error
	}{
		"a span outside":     {"abc", []span{{Start: 0, End: 1, Identifier: 1}, {Start: 2, End: 4, Identifier: 1}}, everything, anonymization.TransformErrorInvalidSpan(1)},
		"a span backwards":   {"abc", []span{{Start: 2, End: 1, Identifier: 1}}, everything, anonymization.TransformErrorInvalidSpan(0)},
		"inside a character": {"é", []span{{Start: 1, End: 2, Identifier: 1}}, everything, anonymization.TransformErrorInvalidSpan(0)},
		"spans that overlap": {"abcd", []span{{Start: 0, End: 3, Identifier: 1}, {Start: 2, End: 4, Identifier: 1}}, everything, anonymization.TransformErrorInvalidSpan(1)},
		"a control in a label": {"", nil, anonymization.Policy{
			Rules: []rule{{Identifier: 1, Action: label("ok")}, {Identifier: 2, Action: label("a\nb")}}, Fallback: mask(0),
		}, anonymization.TransformErrorInvalidRule(1)},
		"a long label":   {"", nil, anonymization.Policy{Fallback: label(strings.Repeat("x", 65))}, anonymization.TransformErrorInvalidRule(0)},
		"too many rules": {"", nil, anonymization.Policy{Rules: make65(), Fallback: mask(0)}, anonymization.TransformErrorTooLarge("the policy has more than 64 rules")},
		"a long text":    {strings.Repeat("a", 4<<20+1), nil, everything, anonymization.TransformErrorTooLarge("the text is longer than 4194304 bytes")},
	} {
		_, err := m.Transform(t.Context(), c.text, c.spans, c.policy)
		var got anonymization.TransformError
		if !errors.As(err, &got) || !errors.Is(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", name, err, c.want)
		}
	}
}

func make65() []rule {
	rules := make([]rule, 65)
	for i := range rules {
		rules[i] = rule{Identifier: 1, Action: mask(0)}
	}
	return rules
}

// What lies outside of the spans comes out as it came in, and each replacement
// says where its own came to lie.
func TestTransformerKeepsTheRest(t *testing.T) {
	m := transformer(t)
	rapid.Check(t, func(t *rapid.T) {
		var text, want strings.Builder
		var spans []span
		pieces := rapid.SliceOfN(rapid.StringMatching(`[a-zéç 0-9\-\.😀]{1,9}`), 0, 12).Draw(t, "pieces")
		for i, piece := range pieces {
			if i%2 == 0 {
				text.WriteString(piece)
				want.WriteString(piece)
				continue
			}
			start := uint32(text.Len())
			text.WriteString(piece)
			want.WriteString("[X]")
			spans = append(spans, span{Start: start, End: uint32(text.Len()), Identifier: 1, Evidence: piece})
		}
		got, err := m.Transform(t.Context(), text.String(), spans, anonymization.Policy{Fallback: label("[X]")})
		if err != nil {
			t.Fatal(err)
		}
		if got.Text != want.String() || len(got.Replacements) != len(spans) {
			t.Fatalf("got %q, want %q", got.Text, want.String())
		}
		for i, r := range got.Replacements {
			if got.Text[r.Start:r.End] != "[X]" || r.Span != spans[i] {
				t.Fatalf("replacement %d: %+v", i, r)
			}
		}
	})
}
