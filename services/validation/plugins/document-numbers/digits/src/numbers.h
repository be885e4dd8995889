/* Check digits of numbers that Brazil gives to persons. The texts hold ASCII
 * digits alone, or are refused. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NIS (PIS, PASEP, NIT), eleven digits: weights 3, 2, 9 to 2 over the first ten;
 * the last is 11 less the sum modulo 11, and 0 where that is 10 or 11. */
bool numbers_nis(const uint8_t *text, size_t len);

/* Título de eleitor, twelve digits: eight of the person, two of the federative
 * unit (01 to 28, where 28 is abroad), two to check. The first has the weights 2
 * to 9 over the person's digits; the second 7, 8, 9 over the unit's and the
 * first. Each is the sum modulo 11, and 0 where that is 10; in São Paulo (01) and
 * Minas Gerais (02) it is 1 where the sum modulo 11 is 0. Numbers of thirteen
 * digits, which both units have a few of, are not known here. */
bool numbers_titulo(const uint8_t *text, size_t len);

#endif
