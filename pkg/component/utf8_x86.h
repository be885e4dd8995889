// UTF-8 by vectors of one width: utf8.c includes this for each, and says what VEC
// is and how to work with it.

// BEFORE returns the bytes that lie n places before those of now.
#define BEFORE(now, last, n) OP(alignr_epi8)(now, LANE_BEFORE(now, last), 16 - (n))

TARGET static inline VEC NAME(pairs)(VEC now, VEC one) {
  const VEC first_high = TABLE(
      LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, (char)TWO, (char)TWO, (char)TWO, (char)TWO,
      SHORT | OVER2, SHORT, SHORT | OVER3 | SURROGATE, SHORT | LARGE | OVER4);
  const VEC first_low = TABLE(
      (char)(CARRY | OVER3 | OVER2 | OVER4), (char)(CARRY | OVER2), (char)CARRY, (char)CARRY,
      (char)(CARRY | LARGE), (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4 | SURROGATE), (char)(CARRY | LARGE | OVER4),
      (char)(CARRY | LARGE | OVER4));
  const VEC second_high = TABLE(
      SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
      (char)(LONG | OVER2 | TWO | OVER3 | OVER4), (char)(LONG | OVER2 | TWO | OVER3 | LARGE),
      (char)(LONG | OVER2 | TWO | SURROGATE | LARGE), (char)(LONG | OVER2 | TWO | SURROGATE | LARGE),
      SHORT, SHORT, SHORT, SHORT);
  const VEC low = OP(set1_epi8)(0x0F);
  VEC a = OP(shuffle_epi8)(first_high, BITS(and)(OP(srli_epi16)(one, 4), low));
  VEC b = OP(shuffle_epi8)(first_low, BITS(and)(one, low));
  VEC c = OP(shuffle_epi8)(second_high, BITS(and)(OP(srli_epi16)(now, 4), low));
  return BITS(and)(BITS(and)(a, b), c);
}

// errors returns where a block of bytes, after the block last, is no UTF-8.
TARGET static inline VEC NAME(errors)(VEC now, VEC last) {
  VEC two = BEFORE(now, last, 2), three = BEFORE(now, last, 3);
  // The third byte of three or four, and the fourth, must be a second continuation.
  VEC third = OP(subs_epu8)(two, OP(set1_epi8)((char)(0xE0 - 0x80)));
  VEC fourth = OP(subs_epu8)(three, OP(set1_epi8)((char)(0xF0 - 0x80)));
  VEC wanted = BITS(and)(BITS(or)(third, fourth), OP(set1_epi8)((char)0x80));
  return BITS(xor)(wanted, NAME(pairs)(now, BEFORE(now, last, 1)));
}

TARGET static bool NAME(utf8)(const uint8_t *s, size_t len) {
  VEC last = BITS(setzero)(), bad = last;
  size_t i = 0;
  for (; len - i >= 2 * sizeof(VEC); i += 2 * sizeof(VEC)) {
    VEC a = BITS(loadu)((const VEC *)(s + i));
    VEC b = BITS(loadu)((const VEC *)(s + i + sizeof(VEC)));
    if (!UPPER(BITS(or)(a, b)) && !UPPER(last)) continue;
    bad = BITS(or)(bad, BITS(or)(NAME(errors)(a, last), NAME(errors)(b, a)));
    last = b;
  }
  if (ANY(bad)) return false;
  size_t from = i; // the rest is checked with a sequence that may end in it
  for (size_t k = 1; k <= 3 && k <= i && s[i - k] >= 0x80; k++)
    if (s[i - k] >= 0xC0) {
      from = i - k;
      break;
    }
  return utf8_plain(s + from, len - from);
}

#undef VEC
#undef NAME
#undef TARGET
#undef OP
#undef BITS
#undef TABLE
#undef LANE_BEFORE
#undef UPPER
#undef ANY
#undef BEFORE
