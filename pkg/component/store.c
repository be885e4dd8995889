// Values from the flat encoding to a guest's memory and to core WebAssembly's
// numbers, as the canonical ABI has them there:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#storing
// hy_check has seen that they are values of their types.

#include "flat.h"

typedef struct {
  reader r;
  hy_instance *inst;
  uint8_t *memory;          // the guest's: where it lies may change with each room
  wasmtime_val_raw_t *vals; // where the next number goes
  int rc;                   // why the rest is missing
} storer;

// room makes room and returns its address. Where there is none, what would go there
// is left out.
static uint32_t room(storer *s, uint64_t size, uint32_t align) {
  uint32_t address = 0;
  uint8_t *data;
  if (!s->rc) s->rc = hy_lane_room(s->inst, size, align, &address, &data);
  if (!s->rc) s->memory = data - address;
  return address;
}

static void put(storer *s, uint32_t at, uint64_t v, uint32_t size) {
  if (!s->rc) memcpy(s->memory + at, &v, size);
}

static void store(storer *s, const hy_type *t, uint32_t at);

static void store_all(storer *s, const hy_type *const *types, size_t count, uint32_t at) {
  for (size_t i = 0; i < count && !s->rc; i++) {
    at = (at + types[i]->align - 1) & ~(types[i]->align - 1);
    store(s, types[i], at);
    at += types[i]->size;
  }
}

// run stores text, bytes or a list, whose length is n, and returns its address.
static uint32_t run(storer *s, const hy_type *t, bool far, uint32_t n) {
  if (t->kind != HY_LANE_LIST) {
    const uint8_t *data = body(&s->r, far, n);
    uint32_t at = room(s, n, 1);
    if (!s->rc) s->rc = hy_lane_fill(s->inst, s->memory + at, data, n);
    return at;
  }
  const hy_type *e = t->elems[0];
  uint32_t first = room(s, (uint64_t)n * e->size, e->align);
  for (uint32_t i = 0; i < n && !s->rc; i++) {
    store(s, e, first + i * e->size);
    if (hy_over(s->inst->frame)) s->rc = HY_STOPPED;
  }
  return first;
}

static const hy_type *payload(const hy_type *t, uint64_t which) {
  if (t->kind == WASMTIME_COMPONENT_OPTION) return which ? t->elems[0] : NULL;
  return t->elems ? t->elems[which] : NULL;
}

static void store(storer *s, const hy_type *t, uint32_t at) {
  if (t->kind == WASMTIME_COMPONENT_TUPLE) return store_all(s, t->elems, t->count, at);
  bool far = *s->r.at & HY_FAR;
  uint64_t v = take(&s->r, t->kind);
  switch (t->kind) {
  case HY_LANE_BYTES:
  case HY_LANE_TEXT:
  case HY_LANE_LIST:
    put(s, at, run(s, t, far, (uint32_t)v), 4);
    put(s, at + 4, v, 4);
    break;
  case WASMTIME_COMPONENT_OPTION:
  case WASMTIME_COMPONENT_ENUM:
  case WASMTIME_COMPONENT_VARIANT:
  case WASMTIME_COMPONENT_RESULT:
    put(s, at, v, t->number);
    if (payload(t, v)) store(s, payload(t, v), at + t->payload);
    break;
  default:
    put(s, at, v, t->size);
  }
}

static void number(storer *s, uint64_t v) { (s->vals++)->i64 = (int64_t)v; }

// pass makes numbers of a value. Each is as its bits are, with zeros above: then what
// holds values of several types, whose numbers are of the widest, needs no care.
static void pass(storer *s, const hy_type *t) {
  wasmtime_val_raw_t *end = s->vals + t->flat;
  if (t->kind == WASMTIME_COMPONENT_TUPLE) {
    for (uint32_t i = 0; i < t->count && !s->rc; i++) pass(s, t->elems[i]);
    return;
  }
  bool far = *s->r.at & HY_FAR;
  uint64_t v = take(&s->r, t->kind);
  switch (t->kind) {
  case HY_LANE_BYTES:
  case HY_LANE_TEXT:
  case HY_LANE_LIST:
    number(s, run(s, t, far, (uint32_t)v));
    number(s, v);
    break;
  case WASMTIME_COMPONENT_S8:
    number(s, (uint32_t)(int8_t)v);
    break;
  case WASMTIME_COMPONENT_S16:
    number(s, (uint32_t)(int16_t)v);
    break;
  case WASMTIME_COMPONENT_FLAGS:
    number(s, (uint32_t)v);
    if (t->flat > 1) number(s, v >> 32);
    break;
  case WASMTIME_COMPONENT_OPTION:
  case WASMTIME_COMPONENT_ENUM:
  case WASMTIME_COMPONENT_VARIANT:
  case WASMTIME_COMPONENT_RESULT:
    number(s, v);
    if (payload(t, v)) pass(s, payload(t, v));
    while (s->vals < end) number(s, 0);
    break;
  default:
    number(s, v);
  }
}

int hy_store_run(hy_instance *inst, const hy_type *t, reader *r, bool far, uint32_t len,
                 uint32_t *address) {
  storer s = {*r, inst, NULL, NULL, HY_OK};
  *address = run(&s, t, far, len);
  *r = s.r;
  return s.rc;
}

int hy_store(hy_instance *inst, const hy_func *fn, const uint8_t *args, size_t len,
             wasmtime_val_raw_t *vals) {
  const hy_signature *sig = &fn->sig;
  storer s = {{args, args + len, inst}, inst, NULL, vals, HY_OK};
  inst->place = (hy_place *)&inst->program->room;
  if (fn->spilled) {
    uint32_t at = room(&s, fn->size, fn->align);
    store_all(&s, sig->params, sig->count, at);
    number(&s, at);
    return s.rc;
  }
  for (uint32_t i = 0; i < sig->count && !s.rc; i++) pass(&s, sig->params[i]);
  return s.rc;
}
