/* Native tests of numbers.c. */
#include "../src/numbers.h"

#include <stdio.h>
#include <string.h>

static int passed, failed;

static void expect(bool want, bool got, const char *text)
{
	if (want == got) {
		passed++;
		return;
	}
	failed++;
	printf("%s: got %d\n", text, got);
}

static bool nis(const char *text) { return numbers_nis((const uint8_t *)text, strlen(text)); }
static bool titulo(const char *text) { return numbers_titulo((const uint8_t *)text, strlen(text)); }

/* Of ten last digits exactly one is right. */
static void one_of_ten(bool (*valid)(const char *), const char *number)
{
	char text[16];
	int right = 0;
	strcpy(text, number);
	for (char c = '0'; c <= '9'; c++) {
		text[strlen(number) - 1] = c;
		right += valid(text);
	}
	expect(true, right == 1, number);
}

int main(void)
{
	const char *good_nis[] = {"12038619494", "12016784018"};
	const char *bad_nis[] = {"", "1203861949", "120386194940", "12038619495", "1203861949a", "00000000000", "11111111111"};
	const char *good_titulo[] = {"690847092828", "163204010922"};
	const char *bad_titulo[] = {"", "69084709282", "6908470928280", "690847092829", "690847090028", "690847092928", "69084709282x"};
	for (size_t i = 0; i < sizeof good_nis / sizeof *good_nis; i++) {
		expect(true, nis(good_nis[i]), good_nis[i]);
		one_of_ten(nis, good_nis[i]);
	}
	for (size_t i = 0; i < sizeof bad_nis / sizeof *bad_nis; i++)
		expect(false, nis(bad_nis[i]), bad_nis[i]);
	for (size_t i = 0; i < sizeof good_titulo / sizeof *good_titulo; i++) {
		expect(true, titulo(good_titulo[i]), good_titulo[i]);
		one_of_ten(titulo, good_titulo[i]);
	}
	for (size_t i = 0; i < sizeof bad_titulo / sizeof *bad_titulo; i++)
		expect(false, titulo(bad_titulo[i]), bad_titulo[i]);
	printf("document-numbers digits: %d passed, %d failed\n", passed, failed);
	return failed != 0;
}
