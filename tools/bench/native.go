package main

import (
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
)

// nativeValidate is the rule of plugins/cpf-rule, in Go: what a call would cost
// without a sandbox.
func nativeValidate(d document.Document) []validation.Finding {
	var findings []validation.Finding
	text := d.Body
	for at := 0; at < len(text); {
		size := 0
		if isDigit(text[at]) && (at == 0 || !isDigit(text[at-1])) {
			size = cpfAt(text, at)
		}
		if size == 0 {
			at++
			continue
		}
		findings = append(findings, describe(at, at+size))
		at += size
	}
	return findings
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// cpfAt gives the length of a CPF that starts at a place, formatted or bare, with
// right check digits; 0 where none does.
func cpfAt(text string, at int) int {
	var digits [11]int
	count, end := 0, at
	for end < len(text) && count < 11 {
		c := text[end]
		switch {
		case isDigit(c):
			digits[count] = int(c - '0')
			count++
		case c == '.' && (count == 3 || count == 6), c == '-' && count == 9:
		default:
			return 0
		}
		end++
	}
	if count < 11 || end < len(text) && isDigit(text[end]) {
		return 0
	}
	same := true
	for _, d := range digits {
		same = same && d == digits[0]
	}
	if same || !checks(digits, 9) || !checks(digits, 10) {
		return 0
	}
	return end - at
}

func checks(digits [11]int, check int) bool {
	sum := 0
	for i := range check {
		sum += digits[i] * (check + 1 - i)
	}
	want := 0
	if rest := sum % 11; rest >= 2 {
		want = 11 - rest
	}
	return digits[check] == want
}

func describe(start, end int) validation.Finding {
	return validation.Finding{
		Rule: "PII-1", Severity: validation.SeverityError,
		Location: validation.Location{Field: validation.FieldBody, Start: uint32(start), End: uint32(end)},
		Message:  "Há um CPF no texto.", Advice: "Retire o CPF.",
		Source: validation.Source{
			Citation: "Lei 13.709/2018 (LGPD)", Jurisdiction: "BR", InForceSince: "2020-09-18", Status: "in force",
		},
	}
}
