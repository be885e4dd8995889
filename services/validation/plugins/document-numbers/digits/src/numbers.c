#include "numbers.h"

static bool all_digits(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static unsigned weighted(const uint8_t *text, const unsigned *weights, size_t len)
{
	unsigned sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += (text[i] - '0') * weights[i];
	return sum;
}

static bool all_equal(const uint8_t *text, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (text[i] != text[0])
			return false;
	return true;
}

bool numbers_nis(const uint8_t *text, size_t len)
{
	static const unsigned weights[10] = {3, 2, 9, 8, 7, 6, 5, 4, 3, 2};
	if (len != 11 || !all_digits(text, len) || all_equal(text, len))
		return false;
	unsigned digit = 11 - weighted(text, weights, 10) % 11;
	return text[10] - '0' == (digit >= 10 ? 0 : (int)digit);
}

static unsigned titulo_digit(unsigned sum, unsigned unit)
{
	unsigned rest = sum % 11;
	if (rest == 0 && unit <= 2)
		return 1;
	return rest == 10 ? 0 : rest;
}

bool numbers_titulo(const uint8_t *text, size_t len)
{
	static const unsigned person[8] = {2, 3, 4, 5, 6, 7, 8, 9}, last[3] = {7, 8, 9};
	if (len != 12 || !all_digits(text, len))
		return false;
	unsigned unit = (text[8] - '0') * 10u + (text[9] - '0');
	if (unit < 1 || unit > 28)
		return false;
	unsigned first = titulo_digit(weighted(text, person, 8), unit);
	unsigned second = titulo_digit(weighted(text + 8, last, 2) + first * last[2], unit);
	return text[10] - '0' == (int)first && text[11] - '0' == (int)second;
}
