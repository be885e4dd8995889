/* The half of the component `document-numbers` that knows the numbers. The
 * bindings are what `wit-bindgen c` writes for the world digits. */
#include "digits.h"
#include "numbers.h"

bool exports_hygia_document_numbers_check_digits_valid(exports_hygia_document_numbers_check_digits_kind_t kind,
                                                       digits_string_t *text)
{
	bool valid = kind == EXPORTS_HYGIA_DOCUMENT_NUMBERS_CHECK_DIGITS_KIND_NIS ? numbers_nis(text->ptr, text->len)
	                                                                         : numbers_titulo(text->ptr, text->len);
	digits_string_free(text);
	return valid;
}
