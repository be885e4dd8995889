#include "mask.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A span by its place, for sorting. */
typedef struct {
	uint32_t start, end, index;
} place;

static int by_start(const void *left, const void *right)
{
	const place *a = left, *b = right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static bool is_boundary(mask_text text, uint32_t at)
{
	return at == text.len || (at < text.len && (text.ptr[at] & 0xC0) != 0x80);
}

/* The code point at *at, which moves past it. The text is valid UTF-8. */
static uint32_t next_point(mask_text text, size_t *at)
{
	uint8_t lead = text.ptr[(*at)++];
	if (lead < 0x80)
		return lead;
	int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
	uint32_t point = lead & (0x3F >> more);
	while (more-- > 0 && *at < text.len)
		point = point << 6 | (text.ptr[(*at)++] & 0x3F);
	return point;
}

static bool is_control(uint32_t point)
{
	/* C0, DEL, C1, and the two separators that end a line. */
	return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029;
}

/* Accents that combine with the letter before them: they say what it was. */
static bool is_combining(uint32_t point)
{
	return point >= 0x300 && point < 0x370;
}

/* Letters and digits. Outside ASCII everything is one, but for what is known to
 * be space or punctuation: a letter shown by mistake is worse than a sign lost. */
static bool is_masked(uint32_t point)
{
	if (point < 0x80)
		return (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z');
	if (point < 0xC0)
		return point == 0xAA || point == 0xB5 || point == 0xBA; /* ª µ º */
	return point != 0xD7 && point != 0xF7 && !(point >= 0x2000 && point < 0x2070) && point != 0x3000 &&
	       point != 0xFEFF && !is_combining(point);
}

static bool is_valid_action(const mask_action *action)
{
	if (action->verb != MASK_LABEL)
		return true;
	if (action->label.len > MASK_MAX_LABEL)
		return false;
	for (size_t at = 0; at < action->label.len;)
		if (is_control(next_point(action->label, &at)))
			return false;
	return true;
}

static mask_status check_policy(const mask_policy *policy, mask_result *result)
{
	if (policy->count > MASK_MAX_RULES) {
		result->bound = "the policy has more than 64 rules";
		return MASK_TOO_LARGE;
	}
	for (size_t rule = 0; rule <= policy->count; rule++) {
		const mask_action *action =
			rule < policy->count ? &policy->rules[rule].action : &policy->fallback;
		if (!is_valid_action(action)) {
			result->index = (uint32_t)rule;
			return MASK_INVALID_RULE;
		}
	}
	return MASK_OK;
}

/* Fills places in the order of the text. */
static mask_status check_spans(mask_text text, const mask_span *spans, size_t count, place *places,
                               mask_result *result)
{
	for (size_t span = 0; span < count; span++) {
		uint32_t start = spans[span].start, end = spans[span].end;
		if (start >= end || end > text.len || !is_boundary(text, start) || !is_boundary(text, end)) {
			result->index = (uint32_t)span;
			return MASK_INVALID_SPAN;
		}
		places[span] = (place){start, end, (uint32_t)span};
	}
	qsort(places, count, sizeof *places, by_start);
	for (size_t at = 1; at < count; at++) {
		if (places[at].start < places[at - 1].end) {
			result->index = places[at].index;
			return MASK_INVALID_SPAN;
		}
	}
	return MASK_OK;
}

static const mask_action *action_for(const mask_policy *policy, uint8_t identifier)
{
	for (size_t rule = 0; rule < policy->count; rule++)
		if (policy->rules[rule].identifier == identifier)
			return &policy->rules[rule].action;
	return &policy->fallback;
}

static uint8_t *append(uint8_t *out, mask_text text)
{
	if (text.len > 0)
		memcpy(out, text.ptr, text.len);
	return out + text.len;
}

static uint8_t *append_stars(uint8_t *out, mask_text text, uint8_t in_clear)
{
	size_t masked = 0;
	for (size_t at = 0; at < text.len;)
		masked += is_masked(next_point(text, &at));
	size_t stars = masked > in_clear ? masked - in_clear : 0;
	bool starred = false; /* whether the last letter or digit was */
	for (size_t at = 0; at < text.len;) {
		size_t start = at;
		uint32_t point = next_point(text, &at);
		if (is_masked(point)) {
			starred = stars > 0;
			stars -= starred;
			if (starred) {
				*out++ = '*';
				continue;
			}
		}
		if (!(starred && is_combining(point)))
			out = append(out, (mask_text){text.ptr + start, at - start});
	}
	return out;
}

static uint8_t *append_action(uint8_t *out, mask_text text, const mask_action *action)
{
	switch (action->verb) {
	case MASK_KEEP:
		return append(out, text);
	case MASK_LABEL:
		return append(out, action->label);
	case MASK_STARS:
		return append_stars(out, text, action->in_clear);
	case MASK_REMOVE:
		break;
	}
	return out;
}

/* The result's text has room for the text and a label a span; the replacements
 * for one a span. */
static void write(mask_text text, const mask_span *spans, const place *places, size_t count,
                  const mask_policy *policy, mask_result *result)
{
	uint8_t *out = result->text;
	size_t from = 0;
	for (size_t at = 0; at < count; at++) {
		place span = places[at];
		out = append(out, (mask_text){text.ptr + from, span.start - from});
		uint32_t start = (uint32_t)(out - result->text);
		mask_text inside = {text.ptr + span.start, span.end - span.start};
		out = append_action(out, inside, action_for(policy, spans[span.index].identifier));
		uint32_t end = (uint32_t)(out - result->text);
		result->replacements[at] = (mask_replacement){span.index, start, end};
		from = span.end;
	}
	out = append(out, (mask_text){text.ptr + from, text.len - from});
	result->len = (size_t)(out - result->text);
}

mask_status mask_transform(mask_text text, const mask_span *spans, size_t count, const mask_policy *policy,
                           mask_result *result)
{
	*result = (mask_result){0};
	if (text.len > MASK_MAX_TEXT || count > MASK_MAX_SPANS) {
		result->bound = text.len > MASK_MAX_TEXT ? "the text is longer than 4194304 bytes"
		                                         : "there are more than 50000 spans";
		return MASK_TOO_LARGE;
	}
	mask_status status = check_policy(policy, result);
	if (status != MASK_OK)
		return status;
	/* One more than asked, since what malloc(0) gives is up to it. */
	place *places = malloc((count + 1) * sizeof *places);
	result->replacements = malloc((count + 1) * sizeof *result->replacements);
	result->text = malloc(text.len + count * MASK_MAX_LABEL + 1);
	if (places == NULL || result->replacements == NULL || result->text == NULL) {
		result->bound = "there is not enough memory";
		status = MASK_TOO_LARGE;
	} else {
		status = check_spans(text, spans, count, places, result);
	}
	if (status == MASK_OK)
		write(text, spans, places, count, policy, result);
	else
		mask_free(result);
	free(places);
	return status;
}

void mask_free(mask_result *result)
{
	free(result->text);
	free(result->replacements);
	result->text = NULL;
	result->replacements = NULL;
}
