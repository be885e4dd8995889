/* The component `cpf-rule`: a validator of one rule, for the benchmark that holds
 * a component beside the same rule in Go (../../native.go, which this mirrors line
 * by line). It imports nothing. The bindings are what `wit-bindgen c` writes for
 * the world pure-validator. */
#include "pure_validator.h"

#include <stdlib.h>

typedef exports_hygia_validation_validator_list_finding_t finding_list;
typedef exports_hygia_validation_validator_finding_t finding;

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* The length of a CPF that starts at `at`, formatted or bare, with right check
 * digits; 0 where none does. */
static size_t cpf_at(const uint8_t *text, size_t len, size_t at)
{
	int digits[11], count = 0;
	size_t end = at;
	while (end < len && count < 11) {
		uint8_t c = text[end];
		if (is_digit(c))
			digits[count++] = c - '0';
		else if (!(c == '.' && (count == 3 || count == 6)) && !(c == '-' && count == 9))
			return 0;
		end++;
	}
	if (count < 11 || (end < len && is_digit(text[end])))
		return 0;
	bool same = true;
	for (int i = 1; i < 11; i++)
		same = same && digits[i] == digits[0];
	if (same)
		return 0;
	for (int check = 9; check < 11; check++) {
		int sum = 0;
		for (int i = 0; i < check; i++)
			sum += digits[i] * (check + 1 - i);
		int rest = sum % 11;
		if (digits[check] != (rest < 2 ? 0 : 11 - rest))
			return 0;
	}
	return end - at;
}

static void describe(finding *f, size_t start, size_t end)
{
	pure_validator_string_dup(&f->rule, "PII-1");
	f->severity = HYGIA_VALIDATION_TYPES_SEVERITY_ERROR;
	f->location.field = HYGIA_VALIDATION_TYPES_FIELD_BODY;
	f->location.start = start;
	f->location.end = end;
	pure_validator_string_dup(&f->message, "Há um CPF no texto.");
	pure_validator_string_dup(&f->advice, "Retire o CPF.");
	pure_validator_string_dup(&f->source.citation, "Lei 13.709/2018 (LGPD)");
	pure_validator_string_dup(&f->source.jurisdiction, "BR");
	pure_validator_string_dup(&f->source.in_force_since, "2020-09-18");
	pure_validator_string_dup(&f->source.status, "in force");
}

void exports_hygia_validation_validator_rules(exports_hygia_validation_validator_list_rule_t *ret)
{
	ret->ptr = NULL;
	ret->len = 0;
}

bool exports_hygia_validation_validator_validate(exports_hygia_validation_validator_document_t *document,
                                                 finding_list *ret,
                                                 exports_hygia_validation_validator_validation_error_t *err)
{
	(void)err;
	const uint8_t *text = document->body.ptr;
	size_t len = document->body.len, room = 0;
	ret->ptr = NULL;
	ret->len = 0;
	for (size_t at = 0; at < len;) {
		size_t size = is_digit(text[at]) && (at == 0 || !is_digit(text[at - 1])) ? cpf_at(text, len, at) : 0;
		if (size == 0) {
			at++;
			continue;
		}
		if (ret->len == room) {
			room = room ? 2 * room : 4;
			ret->ptr = realloc(ret->ptr, room * sizeof *ret->ptr);
			if (!ret->ptr)
				abort();
		}
		describe(&ret->ptr[ret->len++], at, at + size);
		at += size;
	}
	exports_hygia_validation_validator_document_free(document);
	return true;
}
