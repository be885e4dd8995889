// UTF-8: eight bytes at a time while they are ASCII and then one sequence at a
// time, or thirty-two at a time where the processor has AVX2.

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

bool hy_utf8_plain(const uint8_t *s, size_t len) {
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

#ifdef __x86_64__

#include <immintrin.h>

// The method is Keiser's and Lemire's, "Validating UTF-8 In Less Than One
// Instruction Per Byte" (2020): each pair of bytes that follow each other is
// looked up by its three upper half-bytes (the fourth never matters), and a bit
// that all three tables have is an error.
enum {
  SHORT = 1 << 0,     // a first byte of a longer sequence, and then no continuation
  LONG = 1 << 1,      // ASCII, and then a continuation
  OVER3 = 1 << 2,     // E0 and less than A0
  LARGE = 1 << 3,     // F4 and more than 8F, or a greater first byte
  SURROGATE = 1 << 4, // ED and more than 9F
  OVER2 = 1 << 5,     // C0 or C1
  OVER4 = 1 << 6,     // F0 and less than 90; with F5 and up, more than 10FFFF
  TWO = 1 << 7,       // two continuations: an error unless a byte before wants them
  CARRY = SHORT | LONG | TWO,
};

#define AVX2 __attribute__((target("avx2")))
#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

// before returns the bytes that lie n places before those of now.
#define before(now, last, n) \
  _mm256_alignr_epi8(now, _mm256_permute2x128_si256(last, now, 0x21), 16 - (n))

AVX2 static inline __m256i pairs(__m256i now, __m256i one) {
  const __m256i first_high = TABLE(
      LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, (char)TWO, (char)TWO, (char)TWO, (char)TWO,
      SHORT | OVER2, SHORT, SHORT | OVER3 | SURROGATE, SHORT | LARGE | OVER4);
  const __m256i first_low = TABLE(
      (char)(CARRY | OVER3 | OVER2 | OVER4), (char)(CARRY | OVER2), (char)CARRY, (char)CARRY,
      (char)(CARRY | LARGE), (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4 | SURROGATE), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4));
  const __m256i second_high = TABLE(
      SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
      (char)(LONG | OVER2 | TWO | OVER3 | OVER4), (char)(LONG | OVER2 | TWO | OVER3 | LARGE),
      (char)(LONG | OVER2 | TWO | SURROGATE | LARGE), (char)(LONG | OVER2 | TWO | SURROGATE | LARGE),
      SHORT, SHORT, SHORT, SHORT);
  const __m256i low = _mm256_set1_epi8(0x0F);
  __m256i a = _mm256_shuffle_epi8(first_high, _mm256_and_si256(_mm256_srli_epi16(one, 4), low));
  __m256i b = _mm256_shuffle_epi8(first_low, _mm256_and_si256(one, low));
  __m256i c = _mm256_shuffle_epi8(second_high, _mm256_and_si256(_mm256_srli_epi16(now, 4), low));
  return _mm256_and_si256(_mm256_and_si256(a, b), c);
}

// errors returns where a block of 32 bytes, after the block last, is no UTF-8.
AVX2 static inline __m256i errors(__m256i now, __m256i last) {
  __m256i two = before(now, last, 2), three = before(now, last, 3);
  // The third byte of three or four, and the fourth, must be a second continuation.
  __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8((char)(0xE0 - 0x80)));
  __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8((char)(0xF0 - 0x80)));
  __m256i wanted =
      _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
  return _mm256_xor_si256(wanted, pairs(now, before(now, last, 1)));
}

AVX2 static bool utf8_avx2(const uint8_t *s, size_t len) {
  __m256i last = _mm256_setzero_si256(), bad = last;
  size_t i = 0;
  for (; len - i >= 64; i += 64) {
    __m256i a = _mm256_loadu_si256((const __m256i *)(s + i));
    __m256i b = _mm256_loadu_si256((const __m256i *)(s + i + 32));
    if (!_mm256_movemask_epi8(_mm256_or_si256(a, b)) && !_mm256_movemask_epi8(last)) continue;
    bad = _mm256_or_si256(bad, _mm256_or_si256(errors(a, last), errors(b, a)));
    last = b;
  }
  if (!_mm256_testz_si256(bad, bad)) return false;
  size_t from = i; // the rest is checked with a sequence that may end in it
  for (size_t k = 1; k <= 3 && k <= i && s[i - k] >= 0x80; k++)
    if (s[i - k] >= 0xC0) {
      from = i - k;
      break;
    }
  return hy_utf8_plain(s + from, len - from);
}

#endif

bool hy_utf8(const uint8_t *s, size_t len) {
#ifdef __x86_64__
  if (len >= 64 && __builtin_cpu_supports("avx2")) return utf8_avx2(s, len);
#endif
  return hy_utf8_plain(s, len);
}
