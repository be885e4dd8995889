package plugins_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hygia-suite/hygia/pkg/plugin/plugintest"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/services/anonymization/plugins"
)

func detector(tb testing.TB) anonymization.Detector {
	return anonymization.NewDetector(plugintest.Load(tb, plugins.BRIdentifiers(), anonymization.DetectorExports))
}

// found lists what was found, as "kind text".
func found(tb testing.TB, d anonymization.Detector, text string) []string {
	tb.Helper()
	spans, err := d.Detect(tb.Context(), text)
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for _, s := range spans {
		list = append(list, fmt.Sprintf("%s %s", s.Identifier, text[s.Start:s.End]))
	}
	return list
}

func TestDetectorFindsIdentifiersInNotes(t *testing.T) {
	d := detector(t)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"Paciente em bom estado geral, PA 120/80, FC 72.", nil},
		{"CPF 529.982.247-25", []string{"cpf 529.982.247-25"}},
		{"CPF: 529 982 247 25.", []string{"cpf 529 982 247 25"}},
		{"CPF 111.111.111-11", nil},
		{"Empresa 12.ABC.345/01DE-35", []string{"cnpj 12.ABC.345/01DE-35"}},
		{"CNS 898 0000 0004 3208", []string{"cns 898 0000 0004 3208"}},
		{"mãe: (11) 98765-4321", []string{"phone (11) 98765-4321"}},
		{"ana.souza@exemplo.com.br", []string{"email ana.souza@exemplo.com.br"}},
		{
			"Admitida em 12/03/2024, alta em 15 de março de 2024.",
			[]string{"date 12/03/2024", "date 15 de março de 2024"},
		},
		{"Código 52998224725, celular 11987654374", []string{"cpf 52998224725", "phone 11987654374"}},
	} {
		if got := found(t, d, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestDetectorNamesItsBound(t *testing.T) {
	d := detector(t)
	_, err := d.Detect(t.Context(), strings.Repeat("a", 4<<20+1))
	var large anonymization.DetectErrorTooLarge
	if !errors.As(err, &large) || !strings.Contains(string(large), "4194304") {
		t.Errorf("a long text: got %v", err)
	}
	_, err = d.Detect(t.Context(), strings.Repeat("a@b.cd ", 50_001))
	if !errors.As(err, &large) || !strings.Contains(string(large), "50000") {
		t.Errorf("many identifiers: got %v", err)
	}
}

// Invariant 5, for what this component may be fed: the largest texts that need
// the most of it stay within its manifest's limits.
func TestInvariant5HostileTextsStayWithinLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("large texts are left out of -short")
	}
	d := detector(t)
	for _, piece := range []string{"1 ", "1.", "@a", "(11) ", "12/03/2024/", "CPF ", "\u00a0", "529982247"} {
		text := strings.Repeat(piece, 4<<20/len(piece))
		_, err := d.Detect(t.Context(), text)
		var refused anonymization.DetectError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%q repeated: %v", piece, err)
		}
	}
}

func FuzzDetector(f *testing.F) {
	for _, seed := range []string{
		"CPF 529.982.247-25", "+55 (11) 98765-4321", "12 de março de 2024", "a@b.cd", "12.ABC.345/01DE-35",
		"898 0000 0004 3208", "5\u200b2\u00a09", "\u0301\x00😀1", "1@1.1",
	} {
		f.Add(seed)
	}
	d := detector(f)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || len(text) > 1<<16 {
			return
		}
		spans, err := d.Detect(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		end := uint32(0)
		for _, s := range spans {
			if s.Start < end || s.Start >= s.End || int(s.End) > len(text) || !utf8.ValidString(text[s.Start:s.End]) {
				t.Fatalf("%+v in %q", s, text)
			}
			end = s.End
		}
	})
}

func TestPureComponentsImportNothing(t *testing.T) {
	if got := plugintest.Imports(t, plugins.BRIdentifiers(), "br-identifiers"); len(got) > 0 {
		t.Errorf("br-identifiers imports %v", got)
	}
	if got := plugintest.Imports(t, plugins.Mask(), "mask"); len(got) > 0 {
		t.Errorf("mask imports %v", got)
	}
}

func BenchmarkDetector1KiB(b *testing.B) {
	d := detector(b)
	text := strings.Repeat("Paciente relata dor há três dias, sem febre. CPF 529.982.247-25. ", 16)[:1024]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := d.Detect(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}
