// UTF-8.

#include "shim.h"

#include <string.h>

// ascii returns how many of the first bytes are ASCII, in steps of eight.
static size_t ascii(const uint8_t *s, size_t len) {
  size_t i = 0;
  for (uint64_t word; len - i >= 8; i += 8) {
    memcpy(&word, s + i, 8);
    if (word & 0x8080808080808080) break;
  }
  return i;
}

// sequence returns the length of the sequence that begins at s, 0 when it is none:
// table 3-7 of the Unicode standard.
static size_t sequence(const uint8_t *s, size_t len) {
  uint8_t a = s[0], low = 0x80, high = 0xBF;
  size_t n;
  if (a < 0x80) return 1;
  if (a < 0xC2 || a > 0xF4) return 0;
  if (a < 0xE0) {
    n = 2;
  } else if (a < 0xF0) {
    n = 3;
    if (a == 0xE0) low = 0xA0;
    if (a == 0xED) high = 0x9F; // surrogates
  } else {
    n = 4;
    if (a == 0xF0) low = 0x90;
    if (a == 0xF4) high = 0x8F;
  }
  if (len < n || s[1] < low || s[1] > high) return 0;
  for (size_t i = 2; i < n; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  return n;
}

bool hy_utf8(const uint8_t *s, size_t len) {
  for (size_t i = 0; i < len;) {
    i += ascii(s + i, len - i);
    for (size_t end = i + 8; i < len && i < end;) {
      size_t n = sequence(s + i, len - i);
      if (!n) return false;
      i += n;
    }
  }
  return true;
}
