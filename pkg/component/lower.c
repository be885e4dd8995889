// Values from the flat encoding to wasmtime's: first a check that they are values
// of their types to the last byte, then a walk that cannot fail.

#include "flat.h"

// Checking.

static bool check(const hy_type *t, reader *r, size_t *arena);

static bool check_all(const hy_type *const *types, size_t count, reader *r, size_t *arena) {
  for (size_t i = 0; i < count; i++)
    if (!check(types[i], r, arena)) return false;
  return true;
}

static bool check_list(const hy_type *t, uint64_t n, reader *r, size_t *arena) {
  if (n > (size_t)(r->end - r->at)) return false; // an element takes a byte or more
  *arena += n * sizeof(val);
  for (uint64_t i = 0; i < n; i++)
    if (hy_over(r->inst->frame) || !check(t->elems[0], r, arena)) return false;
  return true;
}

static bool check_case(const hy_type *t, uint64_t i, reader *r, size_t *arena) {
  if (i >= t->count) return false;
  if (!t->elems || !t->elems[i]) return true;
  *arena += sizeof(val);
  return check(t->elems[i], r, arena);
}

static bool check_body(reader *r, bool far, uint64_t len) {
  if ((far ? sizeof(uint8_t *) : len) > (size_t)(r->end - r->at)) return false;
  body(r, far, len);
  return true;
}

static bool check(const hy_type *t, reader *r, size_t *arena) {
  if (t->kind == WASMTIME_COMPONENT_RECORD || t->kind == WASMTIME_COMPONENT_TUPLE) {
    *arena += t->count * (t->labels ? sizeof(entry) : sizeof(val));
    return check_all(t->elems, t->count, r, arena);
  }
  if ((size_t)(r->end - r->at) < 1u + width[t->kind] || (*r->at & ~HY_FAR) != tag_of(t->kind))
    return false;
  bool far = *r->at & HY_FAR;
  uint64_t v = take(r, t->kind);
  switch (t->kind) {
  case WASMTIME_COMPONENT_BOOL:
    return v <= 1;
  case WASMTIME_COMPONENT_CHAR:
    return v < 0xD800 || (v > 0xDFFF && v <= 0x10FFFF);
  case WASMTIME_COMPONENT_STRING: // Go has checked that it is UTF-8
    return check_body(r, far, v);
  case HY_BYTES:
    *arena += v * sizeof(val);
    return check_body(r, far, v);
  case HY_LANE_BYTES:
  case HY_LANE_TEXT: // Go has checked that it is UTF-8
    *arena += 2 * sizeof(val);
    return check_body(r, far, v);
  case HY_LANE_LIST: {
    *arena += 2 * sizeof(val);
    size_t none = 0; // its items are no values of wasmtime's
    return check_list(t, v, r, &none);
  }
  case WASMTIME_COMPONENT_LIST:
    return check_list(t, v, r, arena);
  case WASMTIME_COMPONENT_OPTION:
    if (v != 1) return v == 0;
    *arena += sizeof(val);
    return check(t->elems[0], r, arena);
  case WASMTIME_COMPONENT_ENUM:
  case WASMTIME_COMPONENT_VARIANT:
  case WASMTIME_COMPONENT_RESULT:
    return check_case(t, v, r, arena);
  case WASMTIME_COMPONENT_FLAGS:
    *arena += (size_t)__builtin_popcountll(v) * sizeof(wasm_name_t);
    return t->count >= 64 || v >> t->count == 0;
  case HY_OWN:
  case HY_BORROW:
    return hy_resource_check(r->inst, t, v);
  default:
    return true;
  }
}

bool hy_check(const hy_instance *inst, const hy_type *const *types, size_t count,
              const uint8_t *data, size_t len, size_t *arena) {
  reader r = {data, data + len, inst};
  return check_all(types, count, &r, arena) && r.at == r.end;
}

// Building. A builder with an arena borrows; one without gives everything away.

typedef struct {
  reader r;
  uint8_t *arena;
  hy_instance *inst;
  int rc; // why a value is missing, in place of which something harmless stands
} builder;

// over tells whether the call's time is over, or it failed: all that is left is missing.
static bool over(builder *b) {
  if (!b->rc && hy_over(b->inst->frame)) b->rc = HY_STOPPED;
  return b->rc;
}

static void missing(val *out) {
  out->kind = WASMTIME_COMPONENT_BOOL;
  out->of.boolean = false;
}

static void *bump(builder *b, size_t n) {
  void *p = b->arena;
  b->arena += n;
  return p;
}

static void name(builder *b, const char *data, size_t size, wasm_name_t *out) {
  if (b->arena)
    *out = (wasm_name_t){size, (char *)data};
  else
    wasm_byte_vec_new(out, size, data);
}

static val *box(builder *b, val *v) {
  if (!b->arena) return wasmtime_component_val_new(v);
  val *p = bump(b, sizeof *v);
  *p = *v;
  return p;
}

static void build(builder *b, const hy_type *t, val *out);

static val *build_payload(builder *b, const hy_type *t) {
  val v = {0};
  build(b, t, &v);
  return box(b, &v);
}

static void build_record(builder *b, const hy_type *t, wasmtime_component_valrecord_t *out) {
  if (b->arena)
    *out = (wasmtime_component_valrecord_t){t->count, bump(b, t->count * sizeof(entry))};
  else
    wasmtime_component_valrecord_new_uninit(out, t->count);
  for (uint32_t i = 0; i < t->count; i++) {
    name(b, t->labels[i].data, t->labels[i].size, &out->data[i].name);
    build(b, t->elems[i], &out->data[i].val);
  }
}

static void build_tuple(builder *b, const hy_type *t, wasmtime_component_valtuple_t *out) {
  if (b->arena)
    *out = (wasmtime_component_valtuple_t){t->count, bump(b, t->count * sizeof(val))};
  else
    wasmtime_component_valtuple_new_uninit(out, t->count);
  for (uint32_t i = 0; i < t->count; i++) build(b, t->elems[i], &out->data[i]);
}

static void build_list(builder *b, const hy_type *t, size_t n, wasmtime_component_vallist_t *out) {
  if (b->arena)
    *out = (wasmtime_component_vallist_t){n, bump(b, n * sizeof(val))};
  else
    wasmtime_component_vallist_new_uninit(out, n);
  for (size_t i = 0; i < n && !(b->arena && b->rc); i++) build(b, t->elems[0], &out->data[i]);
}

static void build_bytes(builder *b, bool far, size_t n, val *out) {
  const uint8_t *data = body(&b->r, far, n);
  out->kind = WASMTIME_COMPONENT_LIST;
  wasmtime_component_vallist_t *list = &out->of.list;
  if (b->arena)
    *list = (wasmtime_component_vallist_t){n, bump(b, n * sizeof(val))};
  else
    wasmtime_component_vallist_new_uninit(list, n);
  for (size_t i = 0; i < n; i++) {
    if (over(b)) {
      if (b->arena) return;
      missing(&list->data[i]);
      continue;
    }
    list->data[i].kind = WASMTIME_COMPONENT_U8;
    list->data[i].of.u8 = data[i];
  }
}

static void build_flags(builder *b, const hy_type *t, uint64_t bits,
                        wasmtime_component_valflags_t *out) {
  size_t n = (size_t)__builtin_popcountll(bits);
  if (b->arena)
    *out = (wasmtime_component_valflags_t){n, bump(b, n * sizeof(wasm_name_t))};
  else
    wasmtime_component_valflags_new_uninit(out, n);
  for (size_t i = 0; bits; bits &= bits - 1) {
    const wasm_name_t *label = &t->labels[__builtin_ctzll(bits)];
    name(b, label->data, label->size, &out->data[i++]);
  }
}

static void build_case(builder *b, const hy_type *t, uint64_t i, val *out) {
  const hy_type *payload = t->elems ? t->elems[i] : NULL;
  if (t->kind == WASMTIME_COMPONENT_RESULT) {
    out->of.result.is_ok = i == 0;
    out->of.result.val = payload ? build_payload(b, payload) : NULL;
    return;
  }
  // An enum's name lies where a variant's does.
  name(b, t->labels[i].data, t->labels[i].size, &out->of.variant.discriminant);
  if (t->kind == WASMTIME_COMPONENT_VARIANT)
    out->of.variant.val = payload ? build_payload(b, payload) : NULL;
}

static void build_lane(builder *b, const hy_type *t, bool far, uint32_t len, val *out) {
  uint32_t address;
  b->rc = hy_store_run(b->inst, t, &b->r, far, len, &address);
  out->kind = WASMTIME_COMPONENT_TUPLE;
  wasmtime_component_valtuple_t *pair = &out->of.tuple;
  if (b->arena)
    *pair = (wasmtime_component_valtuple_t){2, bump(b, 2 * sizeof(val))};
  else
    wasmtime_component_valtuple_new_uninit(pair, 2);
  pair->data[0].kind = pair->data[1].kind = WASMTIME_COMPONENT_U32;
  pair->data[0].of.u32 = address;
  pair->data[1].of.u32 = len;
}

static void build_resource(builder *b, const hy_type *t, uint64_t word, val *out) {
  missing(out);
  if (!(b->arena ? hy_resource_lend : hy_resource_own)(b->inst, t, word, out)) b->rc = HY_MISMATCH;
}

static void build(builder *b, const hy_type *t, val *out) {
  if (over(b)) return missing(out);
  out->kind = t->kind;
  if (t->kind == WASMTIME_COMPONENT_RECORD) return build_record(b, t, &out->of.record);
  if (t->kind == WASMTIME_COMPONENT_TUPLE) return build_tuple(b, t, &out->of.tuple);
  bool far = *b->r.at & HY_FAR;
  uint64_t v = take(&b->r, t->kind);
  switch (t->kind) {
  case WASMTIME_COMPONENT_STRING:
    name(b, (const char *)body(&b->r, far, v), v, &out->of.string);
    break;
  case WASMTIME_COMPONENT_LIST:
    build_list(b, t, v, &out->of.list);
    break;
  case HY_BYTES:
    build_bytes(b, far, v, out);
    break;
  case HY_LANE_BYTES:
  case HY_LANE_TEXT:
  case HY_LANE_LIST:
    build_lane(b, t, far, (uint32_t)v, out);
    break;
  case WASMTIME_COMPONENT_OPTION:
    out->of.option = v ? build_payload(b, t->elems[0]) : NULL;
    break;
  case WASMTIME_COMPONENT_ENUM:
  case WASMTIME_COMPONENT_VARIANT:
  case WASMTIME_COMPONENT_RESULT:
    build_case(b, t, v, out);
    break;
  case WASMTIME_COMPONENT_FLAGS:
    build_flags(b, t, v, &out->of.flags);
    break;
  case HY_OWN:
  case HY_BORROW:
    build_resource(b, t, v, out);
    break;
  default: // a number: every member of the union starts at the same byte
    memcpy(&out->of, &v, sizeof v);
  }
}

int hy_borrow(hy_instance *inst, const hy_type *const *types, size_t count, const uint8_t *data,
               size_t len, uint8_t *arena, val *out) {
  builder b = {{data, data + len, inst}, arena, inst, HY_OK};
  for (size_t i = 0; i < count; i++) build(&b, types[i], &out[i]);
  return b.rc;
}

int hy_own(hy_instance *inst, const hy_type *type, const uint8_t *data, size_t len, val *out) {
  builder b = {{data, data + len, inst}, NULL, inst, HY_OK};
  build(&b, type, out);
  return b.rc;
}
