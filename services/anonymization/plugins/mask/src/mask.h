/* Replaces spans of a text by policy. Nothing here knows of WebAssembly: the
 * glue in component.c converts, and test/mask_test.c runs it natively. */
#ifndef HYGIA_MASK_H
#define HYGIA_MASK_H

#include <stddef.h>
#include <stdint.h>

enum {
	MASK_MAX_TEXT = 4 << 20, /* bytes of the text */
	MASK_MAX_SPANS = 50000,
	MASK_MAX_RULES = 64,
	MASK_MAX_LABEL = 64, /* bytes of a label */
};

/* Borrowed bytes of valid UTF-8. */
typedef struct {
	const uint8_t *ptr;
	size_t len;
} mask_text;

typedef enum { MASK_KEEP, MASK_REMOVE, MASK_LABEL, MASK_STARS } mask_verb;

typedef struct {
	mask_verb verb;
	mask_text label;  /* of MASK_LABEL */
	uint8_t in_clear; /* of MASK_STARS: letters and digits left at the end */
} mask_action;

typedef struct {
	uint8_t identifier;
	mask_action action;
} mask_rule;

/* The first rule for an identifier counts. */
typedef struct {
	const mask_rule *rules;
	size_t count;
	mask_action fallback;
} mask_policy;

typedef struct {
	uint32_t start, end; /* bytes, end exclusive */
	uint8_t identifier;
} mask_span;

typedef struct {
	uint32_t span; /* the index of what was replaced */
	uint32_t start, end;
} mask_replacement;

typedef enum { MASK_OK, MASK_TOO_LARGE, MASK_INVALID_SPAN, MASK_INVALID_RULE } mask_status;

typedef struct {
	uint8_t *text; /* malloc'd */
	size_t len;
	mask_replacement *replacements; /* malloc'd, one a span, in their order in the text */
	const char *bound; /* of MASK_TOO_LARGE: which, a constant */
	uint32_t index;    /* of the span or rule that is invalid; the fallback's is the rules' count */
} mask_result;

/* Writes the text with its spans replaced. The spans may come in any order; one
 * that is empty, outside the text, inside a character, or over another is
 * invalid. Nothing is allocated unless the result is MASK_OK. */
mask_status mask_transform(mask_text text, const mask_span *spans, size_t count, const mask_policy *policy,
                           mask_result *result);

void mask_free(mask_result *result);

#endif
