/* Native tests of mask.c, with the address and undefined-behaviour sanitizers. */
#include "../src/mask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures, checks;

#define CHECK(condition, ...)                                      \
	do {                                                       \
		checks++;                                          \
		if (!(condition)) {                                \
			failures++;                                \
			printf("%s:%d: ", __FILE__, __LINE__);     \
			printf(__VA_ARGS__);                       \
			printf("\n");                              \
		}                                                  \
	} while (0)

/* A copy without the closing zero, so that a read past the end is caught. */
static mask_text text_of(const char *string)
{
	size_t len = strlen(string);
	uint8_t *bytes = malloc(len + (len == 0));
	memcpy(bytes, string, len);
	return (mask_text){bytes, len};
}

static void release(mask_text text)
{
	free((void *)text.ptr);
}

static mask_policy only(mask_action action)
{
	return (mask_policy){NULL, 0, action};
}

static mask_action label(const char *string)
{
	return (mask_action){.verb = MASK_LABEL, .label = {(const uint8_t *)string, strlen(string)}};
}

static mask_action stars(uint8_t in_clear)
{
	return (mask_action){.verb = MASK_STARS, .in_clear = in_clear};
}

/* One span, found as a substring, under one action. */
static void replaces(const char *string, const char *part, mask_action action, const char *expected)
{
	mask_text text = text_of(string);
	uint32_t start = (uint32_t)(strstr(string, part) - string);
	mask_span span = {start, start + (uint32_t)strlen(part), 0};
	mask_policy policy = only(action);
	mask_result result;
	mask_status status = mask_transform(text, &span, 1, &policy, &result);
	CHECK(status == MASK_OK, "\"%s\": status %d", string, status);
	if (status == MASK_OK) {
		CHECK(result.len == strlen(expected) && memcmp(result.text, expected, result.len) == 0,
		      "\"%s\": got \"%.*s\", want \"%s\"", string, (int)result.len, result.text, expected);
		size_t grown = strlen(expected) + strlen(part) - strlen(string);
		CHECK(result.replacements[0].start == start && result.replacements[0].end == start + grown,
		      "\"%s\": replaced %u..%u", string, result.replacements[0].start, result.replacements[0].end);
		mask_free(&result);
	}
	release(text);
}

static void test_actions(void)
{
	const char *cpf = "CPF 529.982.247-25.";
	replaces(cpf, "529.982.247-25", label("[CPF]"), "CPF [CPF].");
	replaces(cpf, "529.982.247-25", label(""), "CPF .");
	replaces(cpf, "529.982.247-25", (mask_action){.verb = MASK_REMOVE}, "CPF .");
	replaces(cpf, "529.982.247-25", (mask_action){.verb = MASK_KEEP}, cpf);
	replaces(cpf, "529.982.247-25", stars(0), "CPF ***.***.***-**.");
	replaces(cpf, "529.982.247-25", stars(2), "CPF ***.***.***-25.");
	replaces(cpf, "529.982.247-25", stars(255), cpf);
	replaces("529", "529", stars(0), "***");
	replaces("529", "529", (mask_action){.verb = MASK_REMOVE}, "");
}

static void test_letters_of_any_script(void)
{
	replaces("joão@exemplo.com", "joão@exemplo.com", stars(3), "****@*******.com");
	replaces("José São", "José São", stars(2), "**** *ão");
	replaces("529\u00a0982", "529\u00a0982", stars(0), "***\u00a0***");
	replaces("Ана 北京 😀", "Ана 北京 😀", stars(0), "*** ** *");
	replaces("12\u2013\u201cx\u201d", "12\u2013\u201cx\u201d", stars(0), "**\u2013\u201c*\u201d");
	/* An accent that combines goes with its letter, or stays with it. */
	replaces("Jose\u0301", "Jose\u0301", stars(0), "****");
	replaces("Jose\u0301", "Jose\u0301", stars(1), "***e\u0301");
	replaces("antes çá depois", "çá", label("[é]"), "antes [é] depois");
}

static void test_policy(void)
{
	mask_text text = text_of("a1 b2 c3");
	mask_span spans[] = {{6, 8, 2}, {0, 2, 0}, {3, 5, 1}};
	mask_rule rules[] = {{0, label("[A]")}, {1, stars(1)}, {0, label("[second]")}};
	mask_policy policy = {rules, 3, {.verb = MASK_REMOVE}};
	mask_result result;
	CHECK(mask_transform(text, spans, 3, &policy, &result) == MASK_OK, "policy");
	CHECK(result.len == 7 && memcmp(result.text, "[A] *2 ", 7) == 0, "got \"%.*s\"", (int)result.len, result.text);
	/* In the order of the text, each with the index of what came in. */
	uint32_t expected[3][3] = {{1, 0, 3}, {2, 4, 6}, {0, 7, 7}};
	for (int at = 0; at < 3; at++) {
		mask_replacement got = result.replacements[at];
		CHECK(got.span == expected[at][0] && got.start == expected[at][1] && got.end == expected[at][2],
		      "replacement %d: %u %u..%u", at, got.span, got.start, got.end);
	}
	mask_free(&result);
	release(text);
}

static void test_nothing_to_do(void)
{
	mask_policy policy = only(stars(0));
	mask_result result;
	const char *strings[] = {"", "nada aqui"};
	for (int at = 0; at < 2; at++) {
		mask_text text = text_of(strings[at]);
		CHECK(mask_transform(text, NULL, 0, &policy, &result) == MASK_OK, "no spans");
		CHECK(result.len == text.len && memcmp(result.text, text.ptr, text.len) == 0, "unchanged");
		mask_free(&result);
		release(text);
	}
}

static void refuses_span(const char *string, const mask_span *spans, size_t count, uint32_t index)
{
	mask_text text = text_of(string);
	mask_policy policy = only(stars(0));
	mask_result result;
	mask_status status = mask_transform(text, spans, count, &policy, &result);
	CHECK(status == MASK_INVALID_SPAN && result.index == index, "status %d, index %u, want %u", status,
	      result.index, index);
	release(text);
}

static void test_invalid_spans(void)
{
	refuses_span("abc", (mask_span[]){{0, 1, 0}, {1, 4, 0}}, 2, 1);           /* past the end */
	refuses_span("abc", (mask_span[]){{4, 5, 0}}, 1, 0);                      /* outside */
	refuses_span("abc", (mask_span[]){{2, 1, 0}}, 1, 0);                      /* backwards */
	refuses_span("abc", (mask_span[]){{1, 1, 0}}, 1, 0);                      /* empty */
	refuses_span("abc", (mask_span[]){{0, UINT32_MAX, 0}}, 1, 0);             /* far outside */
	refuses_span("", (mask_span[]){{0, 1, 0}}, 1, 0);                         /* of nothing */
	refuses_span("é", (mask_span[]){{0, 1, 0}}, 1, 0);                        /* inside a character */
	refuses_span("é", (mask_span[]){{1, 2, 0}}, 1, 0);                        /* inside a character */
	refuses_span("abcd", (mask_span[]){{0, 2, 0}, {1, 3, 0}}, 2, 1);          /* over another */
	refuses_span("abcd", (mask_span[]){{1, 3, 0}, {0, 2, 0}}, 2, 0);          /* over one that comes later */
	refuses_span("abcd", (mask_span[]){{0, 4, 0}, {1, 2, 0}, {2, 3, 0}}, 3, 1); /* inside another */
}

static void test_invalid_rules(void)
{
	char long_label[MASK_MAX_LABEL + 2];
	memset(long_label, 'x', sizeof long_label);
	long_label[MASK_MAX_LABEL + 1] = 0;
	const char *labels[] = {"a\nb", "\x7f", "\xc2\x85", "\u2028", "\x1b[0m", long_label};
	for (size_t at = 0; at < sizeof labels / sizeof *labels; at++) {
		mask_rule rules[] = {{0, label("[A]")}, {1, label(labels[at])}};
		mask_policy policy = {rules, 2, stars(0)};
		mask_result result;
		mask_status status = mask_transform((mask_text){NULL, 0}, NULL, 0, &policy, &result);
		CHECK(status == MASK_INVALID_RULE && result.index == 1, "label %zu: status %d", at, status);
		policy = (mask_policy){rules, 1, label(labels[at])};
		status = mask_transform((mask_text){NULL, 0}, NULL, 0, &policy, &result);
		CHECK(status == MASK_INVALID_RULE && result.index == 1, "fallback %zu: status %d", at, status);
	}
	long_label[MASK_MAX_LABEL] = 0;
	mask_policy policy = only(label(long_label));
	mask_result result;
	CHECK(mask_transform((mask_text){NULL, 0}, NULL, 0, &policy, &result) == MASK_OK, "64 bytes are allowed");
	mask_free(&result);
}

static void test_bounds(void)
{
	mask_policy policy = only(stars(0));
	mask_result result;
	mask_text text = {(const uint8_t *)"", MASK_MAX_TEXT + 1};
	CHECK(mask_transform(text, NULL, 0, &policy, &result) == MASK_TOO_LARGE && strstr(result.bound, "text"), "text");
	text.len = 0;
	CHECK(mask_transform(text, NULL, MASK_MAX_SPANS + 1, &policy, &result) == MASK_TOO_LARGE &&
	              strstr(result.bound, "spans"),
	      "spans");
	mask_rule rules[MASK_MAX_RULES + 1] = {0};
	policy = (mask_policy){rules, MASK_MAX_RULES + 1, stars(0)};
	CHECK(mask_transform(text, NULL, 0, &policy, &result) == MASK_TOO_LARGE && strstr(result.bound, "rules"),
	      "rules");
}

/* Any spans over a text of many widths: refused, or replaced without a byte read
 * or written outside, which the sanitizers watch. */
static void test_random_spans(void)
{
	const char *string = "Ana, é 1\u00a02 北 😀 jose\u0301@x.br ـ \u2013 529.982.247-25";
	uint32_t random = 1;
	int accepted = 0;
	for (int round = 0; round < 20000; round++) {
		mask_text text = text_of(string);
		mask_span spans[3];
		for (int at = 0; at < 3; at++) {
			random = random * 1664525 + 1013904223;
			spans[at].start = (random >> 8) % (uint32_t)(text.len + 2);
			spans[at].end = spans[at].start + (random >> 20) % 9;
			spans[at].identifier = random >> 30;
		}
		mask_rule rules[] = {{0, label("[rótulo]")}, {1, stars(1)}, {2, stars(0)}};
		mask_policy policy = {rules, 3, {.verb = MASK_KEEP}};
		mask_result result;
		if (mask_transform(text, spans, (size_t)round % 4, &policy, &result) == MASK_OK) {
			accepted++;
			mask_free(&result);
		}
		release(text);
	}
	CHECK(accepted > 5000, "only %d rounds were valid", accepted);
}

int main(void)
{
	test_actions();
	test_letters_of_any_script();
	test_policy();
	test_nothing_to_do();
	test_invalid_spans();
	test_invalid_rules();
	test_bounds();
	test_random_spans();
	printf("mask: %d passed, %d failed\n", checks - failures, failures);
	return failures > 0;
}
