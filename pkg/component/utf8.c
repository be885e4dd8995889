// UTF-8: eight bytes at a time while they are ASCII and then one sequence at a
// time, or by vectors of 64 or 32 bytes where the processor has AVX-512 or AVX2.

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

static bool utf8_plain(const uint8_t *s, size_t len) {
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

#define VEC __m256i
#define NAME(name) name##_avx2
#define TARGET __attribute__((target("avx2")))
#define OP(name) _mm256_##name
#define BITS(name) _mm256_##name##_si256
#define TABLE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define LANE_BEFORE(now, last) _mm256_permute2x128_si256(last, now, 0x21)
#define UPPER(v) _mm256_movemask_epi8(v)
#define ANY(v) (!_mm256_testz_si256(v, v))
#include "utf8_x86.h"

#define VEC __m512i
#define NAME(name) name##_avx512
#define TARGET __attribute__((target("avx512bw")))
#define OP(name) _mm512_##name
#define BITS(name) _mm512_##name##_si512
#define TABLE(...) _mm512_broadcast_i32x4(_mm_setr_epi8(__VA_ARGS__))
#define LANE_BEFORE(now, last) _mm512_alignr_epi64(now, last, 6)
#define UPPER(v) _mm512_movepi8_mask(v)
#define ANY(v) _mm512_test_epi8_mask(v, v)
#include "utf8_x86.h"

#endif

bool hy_utf8(const uint8_t *s, size_t len, size_t width) {
#ifdef __x86_64__
  if (width >= 64 && len >= 128 && __builtin_cpu_supports("avx512bw")) return utf8_avx512(s, len);
  if (width >= 32 && len >= 64 && __builtin_cpu_supports("avx2")) return utf8_avx2(s, len);
#endif
  return utf8_plain(s, len);
}
