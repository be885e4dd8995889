// Values from wasmtime's to the flat encoding.

#include "flat.h"

#include <string.h>

// put appends a value's tag and number and, where extra_len says so, bytes that
// follow them: extra, or for the caller to fill in where that is NULL.
static int put(hy_buffer *out, size_t max, uint8_t kind, const void *data, size_t extra_len,
               const void *extra) {
  uint8_t n = width[kind];
  if (out->len + 1 + n + extra_len > max) return HY_RESULT;
  hy_reserve(out, out->len + 1 + n + extra_len);
  uint8_t *p = out->data + out->len;
  p[0] = tag_of(kind);
  memcpy(p + 1, data, n);
  if (extra) memcpy(p + 1 + n, extra, extra_len);
  out->len += 1 + n + extra_len;
  return HY_OK;
}

static int put_number(hy_buffer *out, size_t max, uint8_t kind, uint64_t v) {
  return put(out, max, kind, &v, 0, NULL);
}

static uint32_t find(const hy_type *t, const wasm_name_t *label) {
  for (uint32_t i = 0; i < t->count; i++)
    if (t->labels[i].size == label->size &&
        memcmp(t->labels[i].data, label->data, label->size) == 0)
      return i;
  return UINT32_MAX;
}

static int lift_case(const hy_type *t, uint32_t i, const val *payload, hy_buffer *out,
                     size_t max) {
  if (i >= t->count) return HY_MISMATCH;
  int rc = put_number(out, max, t->kind, i);
  if (rc) return rc;
  const hy_type *pt = t->elems ? t->elems[i] : NULL;
  if (!pt != !payload) return HY_MISMATCH;
  return pt ? hy_lift(pt, payload, out, max) : HY_OK;
}

static int lift_vals(const hy_type *t, const val *vals, size_t n, hy_buffer *out, size_t max) {
  for (size_t i = 0; i < n; i++) {
    int rc = hy_lift(t->elems[t->kind == WASMTIME_COMPONENT_LIST ? 0 : i], &vals[i], out, max);
    if (rc) return rc;
  }
  return HY_OK;
}

static int lift_record(const hy_type *t, const wasmtime_component_valrecord_t *v, hy_buffer *out,
                       size_t max) {
  if (v->size != t->count) return HY_MISMATCH;
  for (uint32_t i = 0; i < t->count; i++) {
    int rc = hy_lift(t->elems[i], &v->data[i].val, out, max);
    if (rc) return rc;
  }
  return HY_OK;
}

static int lift_list(const hy_type *t, const wasmtime_component_vallist_t *v, hy_buffer *out,
                     size_t max) {
  if (v->size > UINT32_MAX) return HY_RESULT;
  int rc = put_number(out, max, t->kind, v->size);
  return rc ? rc : lift_vals(t, v->data, v->size, out, max);
}

static int lift_flags(const hy_type *t, const wasmtime_component_valflags_t *v, hy_buffer *out,
                      size_t max) {
  uint64_t bits = 0;
  for (size_t i = 0; i < v->size; i++) {
    uint32_t at = find(t, &v->data[i]);
    if (at >= 64) return HY_MISMATCH;
    bits |= 1ull << at;
  }
  return put_number(out, max, t->kind, bits);
}

static int lift_string(const wasm_name_t *s, hy_buffer *out, size_t max) {
  if (s->size > UINT32_MAX) return HY_RESULT;
  return put(out, max, WASMTIME_COMPONENT_STRING, &s->size, s->size, s->size ? s->data : NULL);
}

static int lift_bytes(const wasmtime_component_vallist_t *v, hy_buffer *out, size_t max) {
  if (v->size > UINT32_MAX) return HY_RESULT;
  int rc = put(out, max, HY_BYTES, &v->size, v->size, NULL);
  if (rc) return rc;
  uint8_t *p = out->data + out->len - v->size;
  for (size_t i = 0; i < v->size; i++) {
    if (v->data[i].kind != WASMTIME_COMPONENT_U8) return HY_MISMATCH;
    p[i] = v->data[i].of.u8;
  }
  return HY_OK;
}

int hy_lift(const hy_type *t, const val *v, hy_buffer *out, size_t max) {
  if (t->kind == HY_BYTES && v->kind == WASMTIME_COMPONENT_LIST)
    return lift_bytes(&v->of.list, out, max);
  if (v->kind != t->kind) return HY_MISMATCH;
  switch (t->kind) {
  case WASMTIME_COMPONENT_STRING:
    return lift_string(&v->of.string, out, max);
  case WASMTIME_COMPONENT_LIST:
    return lift_list(t, &v->of.list, out, max);
  case WASMTIME_COMPONENT_RECORD:
    return lift_record(t, &v->of.record, out, max);
  case WASMTIME_COMPONENT_TUPLE:
    if (v->of.tuple.size != t->count) return HY_MISMATCH;
    return lift_vals(t, v->of.tuple.data, t->count, out, max);
  case WASMTIME_COMPONENT_OPTION: {
    int rc = put_number(out, max, t->kind, v->of.option != NULL);
    return rc || !v->of.option ? rc : hy_lift(t->elems[0], v->of.option, out, max);
  }
  case WASMTIME_COMPONENT_ENUM:
    return lift_case(t, find(t, &v->of.enumeration), NULL, out, max);
  case WASMTIME_COMPONENT_VARIANT:
    return lift_case(t, find(t, &v->of.variant.discriminant), v->of.variant.val, out, max);
  case WASMTIME_COMPONENT_RESULT:
    return lift_case(t, !v->of.result.is_ok, v->of.result.val, out, max);
  case WASMTIME_COMPONENT_FLAGS:
    return lift_flags(t, &v->of.flags, out, max);
  default:
    return put(out, max, t->kind, &v->of, 0, NULL);
  }
}
