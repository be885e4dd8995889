// What lowering and lifting share: the flat encoding of codec.go.

#ifndef HYGIA_FLAT_H
#define HYGIA_FLAT_H

#include "shim.h"

#include <string.h>

// Numbers are copied between the two as they lie in memory.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian machine");

typedef wasmtime_component_val_t val;
typedef wasmtime_component_valrecord_entry_t entry;

// How many bytes follow the tag of a primitive value; flags and heads of lists,
// options and cases follow the same rule.
static const uint8_t width[] = {
    [WASMTIME_COMPONENT_BOOL] = 1,    [WASMTIME_COMPONENT_S8] = 1,
    [WASMTIME_COMPONENT_U8] = 1,      [WASMTIME_COMPONENT_S16] = 2,
    [WASMTIME_COMPONENT_U16] = 2,     [WASMTIME_COMPONENT_S32] = 4,
    [WASMTIME_COMPONENT_U32] = 4,     [WASMTIME_COMPONENT_S64] = 8,
    [WASMTIME_COMPONENT_U64] = 8,     [WASMTIME_COMPONENT_F32] = 4,
    [WASMTIME_COMPONENT_F64] = 8,     [WASMTIME_COMPONENT_CHAR] = 4,
    [WASMTIME_COMPONENT_STRING] = 4,  [WASMTIME_COMPONENT_LIST] = 4,
    [WASMTIME_COMPONENT_VARIANT] = 4, [WASMTIME_COMPONENT_ENUM] = 4,
    [WASMTIME_COMPONENT_OPTION] = 1,  [WASMTIME_COMPONENT_RESULT] = 4,
    [WASMTIME_COMPONENT_FLAGS] = 8,   [HY_BYTES] = 4,
    [HY_LANE_BYTES] = 4,              [HY_LANE_TEXT] = 4,
    [HY_LANE_LIST] = 4,               [HY_OWN] = 8,
    [HY_BORROW] = 8,
};

// Enum, variant and result share a tag: the one who writes a case does not know.
static inline uint8_t tag_of(uint8_t kind) {
  if (kind == HY_LANE_BYTES) return HY_BYTES;
  if (kind == HY_LANE_TEXT) return WASMTIME_COMPONENT_STRING;
  if (kind == HY_LANE_LIST) return WASMTIME_COMPONENT_LIST;
  return kind == WASMTIME_COMPONENT_ENUM || kind == WASMTIME_COMPONENT_RESULT
             ? WASMTIME_COMPONENT_VARIANT
             : kind;
}

// A reader of encoded values.
typedef struct {
  const uint8_t *at, *end;
  const hy_instance *inst; // whose handles are checked
} reader;

static inline uint64_t take(reader *r, uint8_t kind) {
  uint64_t v = 0;
  memcpy(&v, r->at + 1, width[kind]);
  r->at += 1 + width[kind];
  return v;
}

// body steps over the bytes that follow their length, here or elsewhere.
static inline const uint8_t *body(reader *r, bool far, uint64_t len) {
  const uint8_t *p = r->at;
  if (far) {
    memcpy(&p, r->at, sizeof p);
    len = sizeof p;
  }
  r->at += len;
  return p;
}

// hy_put appends a value's tag and number to the frame's out and, where extra_len
// says so, bytes that follow them: extra, or for the caller to fill in where that
// is NULL. It returns HY_OK or HY_RESULT.
int hy_put(hy_instance *, uint8_t kind, const void *, size_t extra_len, const void *extra);
int hy_put_number(hy_instance *, uint8_t kind, uint64_t);
// hy_put_lane appends text or bytes of the guest's memory, and hy_load_run those or a list.
int hy_put_lane(hy_instance *, uint8_t kind, uint32_t address, uint32_t len);
int hy_load_run(hy_instance *, const hy_type *, uint32_t address, uint32_t len);
// hy_store_run puts one of them, whose head was read, into room that the guest gives.
int hy_store_run(hy_instance *, const hy_type *, reader *, bool far, uint32_t len, uint32_t *address);

#endif
