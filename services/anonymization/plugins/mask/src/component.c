/* The component `mask`: the transformer of hygia:anonymization over mask.c. It
 * imports nothing. The bindings are what `wit-bindgen c` writes for the world
 * pure-transformer. */
#include "mask.h"
#include "pure_transformer.h"

#include <stdlib.h>

typedef exports_hygia_anonymization_transformer_list_span_t span_list;
typedef exports_hygia_anonymization_transformer_policy_t policy_record;
typedef exports_hygia_anonymization_transformer_transformed_t transformed;
typedef exports_hygia_anonymization_transformer_transform_error_t transform_error;

static mask_text borrow(pure_transformer_string_t string)
{
	return (mask_text){string.ptr, string.len};
}

static mask_action lower_action(const hygia_anonymization_types_action_t *action)
{
	switch (action->tag) {
	case HYGIA_ANONYMIZATION_TYPES_ACTION_KEEP:
		return (mask_action){.verb = MASK_KEEP};
	case HYGIA_ANONYMIZATION_TYPES_ACTION_LABEL:
		return (mask_action){.verb = MASK_LABEL, .label = borrow(action->val.label)};
	case HYGIA_ANONYMIZATION_TYPES_ACTION_MASK:
		return (mask_action){.verb = MASK_STARS, .in_clear = action->val.mask};
	default:
		return (mask_action){.verb = MASK_REMOVE};
	}
}

static void refuse(mask_status status, const mask_result *result, transform_error *err)
{
	switch (status) {
	case MASK_INVALID_SPAN:
		err->tag = EXPORTS_HYGIA_ANONYMIZATION_TRANSFORMER_TRANSFORM_ERROR_INVALID_SPAN;
		err->val.invalid_span = result->index;
		return;
	case MASK_INVALID_RULE:
		err->tag = EXPORTS_HYGIA_ANONYMIZATION_TRANSFORMER_TRANSFORM_ERROR_INVALID_RULE;
		err->val.invalid_rule = result->index;
		return;
	default:
		err->tag = EXPORTS_HYGIA_ANONYMIZATION_TRANSFORMER_TRANSFORM_ERROR_TOO_LARGE;
		pure_transformer_string_dup(&err->val.too_large, result->bound);
	}
}

/* Takes the text and the spans' evidence over into *ret. */
static void give(mask_result *result, const span_list *spans, hygia_anonymization_types_replacement_t *list,
                 transformed *ret)
{
	for (size_t at = 0; at < spans->len; at++) {
		mask_replacement replacement = result->replacements[at];
		list[at].span = spans->ptr[replacement.span];
		list[at].start = replacement.start;
		list[at].end = replacement.end;
	}
	ret->replacements.ptr = list;
	ret->replacements.len = spans->len;
	ret->text.ptr = result->text;
	ret->text.len = result->len;
	/* The bindings free nothing of length 0 later, so that is done here. */
	if (result->len == 0)
		free(result->text);
	if (spans->len == 0)
		free(list);
	free(result->replacements);
}

bool exports_hygia_anonymization_transformer_transform(pure_transformer_string_t *text, span_list *spans,
                                                       policy_record *policy, transformed *ret,
                                                       transform_error *err)
{
	size_t count = spans->len, rules = policy->rules.len;
	mask_span *lowered = malloc((count + 1) * sizeof *lowered);
	mask_rule *table = malloc((rules + 1) * sizeof *table);
	hygia_anonymization_types_replacement_t *list = malloc((count + 1) * sizeof *list);
	mask_result result = {.bound = "there is not enough memory"};
	mask_status status = MASK_TOO_LARGE;
	if (lowered != NULL && table != NULL && list != NULL) {
		for (size_t at = 0; at < count; at++) {
			hygia_anonymization_types_span_t *span = &spans->ptr[at];
			lowered[at] = (mask_span){span->start, span->end, span->identifier};
		}
		for (size_t at = 0; at < rules; at++) {
			hygia_anonymization_types_rule_t *rule = &policy->rules.ptr[at];
			table[at] = (mask_rule){rule->identifier, lower_action(&rule->action)};
		}
		mask_policy lowered_policy = {table, rules, lower_action(&policy->fallback)};
		status = mask_transform(borrow(*text), lowered, count, &lowered_policy, &result);
	}
	if (status == MASK_OK) {
		give(&result, spans, list, ret);
		if (spans->len > 0)
			free(spans->ptr); /* its strings went into the result */
	} else {
		refuse(status, &result, err);
		free(list);
		exports_hygia_anonymization_transformer_list_span_free(spans);
	}
	free(lowered);
	free(table);
	pure_transformer_string_free(text);
	exports_hygia_anonymization_transformer_policy_free(policy);
	return status == MASK_OK;
}
