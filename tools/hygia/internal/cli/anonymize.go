package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/emptypb"

	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/article"
)

// maxText is the longest text that the suite takes at once, in bytes.
const maxText = 1 << 20

func (a *app) anonymizeCommand() *cobra.Command {
	var findings bool
	var rules []string
	c := a.command(&cobra.Command{
		Use:   "anonymize FILE|-",
		Short: "Takes personal identifiers out of a text",
		Long: `Reads a text of at most 1 MiB and writes it with every CPF, CNPJ, CNS, telephone,
e-mail address and date replaced: by its label, such as [CPF], or as --rule says.
The suite keeps nothing of it. A rule is KIND=ACTION, of the kinds cpf, cnpj, cns,
phone, email, date or * for all others, and the actions keep, remove, label:TEXT
or mask:N, which leaves the last N characters.

With --findings the text is not changed: the identifiers' places are printed.
JSON of --findings: [{"start": 4, "end": 18, "identifier": "cpf", "confidence": 100,
"evidence": "check digits", "line": 1, "column": 5}], in bytes from 0, end exclusive.
JSON otherwise: {"text": "…", "replacements": [Replacement]}, as in the API.`,
		Example: `  hygia anonymize nota.txt > nota-limpa.txt
  hygia anonymize --rule date=keep --rule cpf=mask:2 - < nota.txt
  hygia anonymize --findings nota.txt`,
		Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error { return a.runAnonymize(ctx, args[0], findings, rules) })
	c.Flags().BoolVar(&findings, "findings", false, "print where the identifiers are, as JSON")
	c.Flags().StringArrayVar(&rules, "rule", nil, "what to do with a kind, as `KIND=ACTION`; may be repeated")
	return c
}

func (a *app) runAnonymize(ctx context.Context, name string, findings bool, rules []string) error {
	policy, err := parsePolicy(rules)
	if err != nil {
		return err
	}
	text, err := a.readInput(name, maxText)
	if err != nil {
		return err
	}
	client, err := a.client(asDPO)
	if err != nil {
		return err
	}
	if findings {
		out := &anonymizationv1.DetectResponse{}
		if err := client.Call(ctx, http.MethodPost, "/v1/detect", &anonymizationv1.DetectRequest{Text: text}, out); err != nil {
			return err
		}
		a.json = true // --findings says JSON by itself
		return a.show(spans(text, out.Spans), nil)
	}
	out := &anonymizationv1.AnonymizeResponse{}
	if err := client.Call(ctx, http.MethodPost, "/v1/anonymize", &anonymizationv1.AnonymizeRequest{Text: text, Policy: policy}, out); err != nil {
		return err
	}
	return a.show(out, func(w io.Writer) { fmt.Fprint(w, out.Text) })
}

// span is a finding for a program, with its place for a person.
type span struct {
	Start      uint32 `json:"start"`
	End        uint32 `json:"end"`
	Identifier string `json:"identifier"`
	Confidence uint32 `json:"confidence"`
	Evidence   string `json:"evidence"`
	article.Place
}

func spans(text string, found []*anonymizationv1.Span) []span {
	out := []span{}
	for _, s := range found {
		out = append(out, span{
			Start: s.Start, End: s.End, Identifier: enum(s.Identifier, "IDENTIFIER_"),
			Confidence: s.Confidence, Evidence: s.Evidence, Place: article.PlaceOf(text, int(s.Start)),
		})
	}
	return out
}

// parsePolicy reads --rule; without any, the suite's own policy holds.
func parsePolicy(rules []string) (*anonymizationv1.Policy, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	policy := &anonymizationv1.Policy{}
	for _, text := range rules {
		kind, action, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usage("--rule %q: want KIND=ACTION, such as date=keep", text)
		}
		parsed, err := parseAction(action)
		if err != nil {
			return nil, usage("--rule %q: %w", text, err)
		}
		if kind == "*" {
			policy.Fallback = parsed
			continue
		}
		id, known := anonymizationv1.Identifier_value["IDENTIFIER_"+strings.ToUpper(kind)]
		if !known || id == 0 {
			return nil, usage("--rule %q: %q is none of cpf, cnpj, cns, phone, email, date, *", text, kind)
		}
		identifier := anonymizationv1.Identifier(id)
		if slices.ContainsFunc(policy.Rules, func(r *anonymizationv1.Rule) bool { return r.Identifier == identifier }) {
			return nil, usage("--rule %q: there is another rule for %s", text, kind)
		}
		policy.Rules = append(policy.Rules, &anonymizationv1.Rule{Identifier: identifier, Action: parsed})
	}
	if policy.Fallback == nil {
		complete(policy)
	}
	return policy, nil
}

// standard are the labels that the suite puts in where it is given no policy.
//
//nolint:gochecknoglobals // immutable
var standard = []struct {
	kind  anonymizationv1.Identifier
	label string
}{
	{anonymizationv1.Identifier_IDENTIFIER_CPF, "[CPF]"},
	{anonymizationv1.Identifier_IDENTIFIER_CNPJ, "[CNPJ]"},
	{anonymizationv1.Identifier_IDENTIFIER_CNS, "[CNS]"},
	{anonymizationv1.Identifier_IDENTIFIER_PHONE, "[TELEFONE]"},
	{anonymizationv1.Identifier_IDENTIFIER_EMAIL, "[E-MAIL]"},
	{anonymizationv1.Identifier_IDENTIFIER_DATE, "[DATA]"},
}

// complete gives each kind that no rule names its label, so that naming one kind
// changes nothing for the others.
func complete(policy *anonymizationv1.Policy) {
	label := func(text string) *anonymizationv1.Action {
		return &anonymizationv1.Action{Kind: &anonymizationv1.Action_Label{Label: text}}
	}
	for _, s := range standard {
		named := slices.ContainsFunc(policy.Rules, func(r *anonymizationv1.Rule) bool { return r.Identifier == s.kind })
		if !named {
			policy.Rules = append(policy.Rules, &anonymizationv1.Rule{Identifier: s.kind, Action: label(s.label)})
		}
	}
	policy.Fallback = label("[DADO PESSOAL]")
}

func parseAction(text string) (*anonymizationv1.Action, error) {
	name, argument, _ := strings.Cut(text, ":")
	switch name {
	case "keep":
		return &anonymizationv1.Action{Kind: &anonymizationv1.Action_Keep{Keep: &emptypb.Empty{}}}, nil
	case "remove":
		return &anonymizationv1.Action{Kind: &anonymizationv1.Action_Remove{Remove: &emptypb.Empty{}}}, nil
	case "label":
		return &anonymizationv1.Action{Kind: &anonymizationv1.Action_Label{Label: argument}}, nil
	case "mask":
		n, err := strconv.ParseUint(argument, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("mask:%s: want how many characters to leave, 0 to 255", argument)
		}
		return &anonymizationv1.Action{Kind: &anonymizationv1.Action_Mask{Mask: uint32(n)}}, nil
	}
	return nil, fmt.Errorf("%q is none of keep, remove, label:TEXT, mask:N", text)
}
