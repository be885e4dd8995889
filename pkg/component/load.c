// Values from a guest's memory to the flat encoding, as the canonical ABI has them
// lie there: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#loading
// The guest does not run meanwhile, and so its memory stays as and where it is.

#include "flat.h"

#include <inttypes.h>
#include <stdio.h>

static int load(hy_instance *inst, const hy_type *t, const uint8_t *p);

static uint64_t number(const uint8_t *p, uint32_t size) {
  uint64_t v = 0;
  memcpy(&v, p, size);
  return v;
}

static int load_all(hy_instance *inst, const hy_type *t, const uint8_t *p) {
  size_t at = 0;
  for (uint32_t i = 0; i < t->count; i++) {
    const hy_type *e = t->elems[i];
    at = (at + e->align - 1) & ~(size_t)(e->align - 1);
    int rc = load(inst, e, p + at);
    if (rc) return rc;
    at += e->size;
  }
  return HY_OK;
}

static int load_list(hy_instance *inst, const hy_type *t, uint32_t address, uint32_t count) {
  const hy_type *e = t->elems[0];
  const uint8_t *p;
  int rc = hy_lane_view(inst, address, (uint64_t)count * e->size, e->align, &p);
  if (!rc) rc = hy_put_number(inst, t->kind, count);
  for (uint32_t i = 0; i < count && !rc; i++)
    rc = hy_over(inst->frame) ? HY_STOPPED : load(inst, e, p + (size_t)i * e->size);
  return rc;
}

int hy_load_run(hy_instance *inst, const hy_type *t, uint32_t address, uint32_t len) {
  return t->kind == HY_LANE_LIST ? load_list(inst, t, address, len)
                                 : hy_put_lane(inst, t->kind, address, len);
}

static int no_case(hy_instance *inst, uint64_t i, uint32_t cases) {
  char why[64];
  snprintf(why, sizeof why, "discriminant %" PRIu64 " out of range [0..%" PRIu32 ")", i, cases);
  return hy_lane_refuse(inst, why);
}

// load_case loads one of so many cases.
static int load_case(hy_instance *inst, const hy_type *t, uint32_t cases, const uint8_t *p) {
  uint64_t i = number(p, t->number);
  if (i >= cases) return no_case(inst, i, cases);
  int rc = hy_put_number(inst, t->kind, i);
  if (t->kind == WASMTIME_COMPONENT_OPTION) {
    if (i == 0) return rc;
    i = 0; // the one that is there
  }
  const hy_type *e = t->elems ? t->elems[i] : NULL;
  return rc || !e ? rc : load(inst, e, p + t->payload);
}

static int put_char(hy_instance *inst, const hy_type *t, uint64_t v) {
  if (v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
    return hy_lane_refuse(inst, "converted integer out of range for `char`");
  return hy_put_number(inst, t->kind, v);
}

static int put_flags(hy_instance *inst, const hy_type *t, uint64_t bits) {
  if (t->count > 64) return HY_MISMATCH;
  return hy_put_number(inst, t->kind, t->count < 64 ? bits & ((1ull << t->count) - 1) : bits);
}

static int load(hy_instance *inst, const hy_type *t, const uint8_t *p) {
  switch (t->kind) {
  case WASMTIME_COMPONENT_BOOL:
    return hy_put_number(inst, t->kind, *p != 0);
  case WASMTIME_COMPONENT_CHAR:
    return put_char(inst, t, number(p, 4));
  case HY_LANE_BYTES:
  case HY_LANE_TEXT:
  case HY_LANE_LIST:
    return hy_load_run(inst, t, (uint32_t)number(p, 4), (uint32_t)number(p + 4, 4));
  case WASMTIME_COMPONENT_TUPLE:
    return load_all(inst, t, p);
  case WASMTIME_COMPONENT_OPTION:
    return load_case(inst, t, 2, p);
  case WASMTIME_COMPONENT_ENUM:
  case WASMTIME_COMPONENT_VARIANT:
  case WASMTIME_COMPONENT_RESULT:
    return load_case(inst, t, t->count, p);
  case WASMTIME_COMPONENT_FLAGS:
    return put_flags(inst, t, number(p, t->size));
  case WASMTIME_COMPONENT_STRING: // of another encoding, and handles: a function or
  case WASMTIME_COMPONENT_LIST:   // list that holds them is none of ours
  case HY_BYTES:
  case HY_OWN:
  case HY_BORROW:
    return HY_MISMATCH;
  default:
    return hy_put(inst, t->kind, p, 0, NULL);
  }
}

int hy_load(hy_instance *inst, const hy_type *t, uint32_t address) {
  const uint8_t *p;
  int rc = hy_lane_view(inst, address, t->size, t->align, &p);
  return rc ? rc : load(inst, t, p);
}

// hy_load_number takes what fits one number: the types that hold another hold no more.
int hy_load_number(hy_instance *inst, const hy_type *t, uint64_t v) {
  uint64_t low = (uint32_t)v; // above lies whatever lay there
  switch (t->kind) {
  case WASMTIME_COMPONENT_TUPLE:
    return hy_load_number(inst, t->elems[0], v);
  case WASMTIME_COMPONENT_BOOL:
    return hy_put_number(inst, t->kind, low != 0);
  case WASMTIME_COMPONENT_CHAR:
    return put_char(inst, t, low);
  case WASMTIME_COMPONENT_FLAGS:
    return put_flags(inst, t, low);
  case WASMTIME_COMPONENT_ENUM:
  case WASMTIME_COMPONENT_VARIANT:
  case WASMTIME_COMPONENT_RESULT:
    return low < t->count ? hy_put_number(inst, t->kind, low) : no_case(inst, low, t->count);
  default:
    return t->size > 8 ? HY_MISMATCH : hy_put(inst, t->kind, &v, 0, NULL);
  }
}
