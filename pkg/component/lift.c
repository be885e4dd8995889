// Values from wasmtime's to the flat encoding.

#include "flat.h"

#include <string.h>

int hy_put(hy_instance *inst, uint8_t kind, const void *data, size_t extra_len,
           const void *extra) {
  hy_buffer *out = &inst->frame->out;
  uint8_t n = width[kind];
  if (out->len + inst->frame->far_bytes + 1 + n + extra_len > inst->frame->out_max) return HY_RESULT;
  hy_reserve(out, out->len + 1 + n + extra_len);
  uint8_t *p = out->data + out->len;
  p[0] = tag_of(kind);
  memcpy(p + 1, data, n);
  if (extra) memcpy(p + 1 + n, extra, extra_len);
  out->len += 1 + n + extra_len;
  return HY_OK;
}

int hy_put_number(hy_instance *inst, uint8_t kind, uint64_t v) {
  return hy_put(inst, kind, &v, 0, NULL);
}

static uint32_t find(const hy_type *t, const wasm_name_t *label) {
  for (uint32_t i = 0; i < t->count; i++)
    if (t->labels[i].size == label->size &&
        memcmp(t->labels[i].data, label->data, label->size) == 0)
      return i;
  return UINT32_MAX;
}

static int lift_case(hy_instance *inst, const hy_type *t, uint32_t i, const val *payload) {
  if (i >= t->count) return HY_MISMATCH;
  int rc = hy_put_number(inst, t->kind, i);
  if (rc) return rc;
  const hy_type *pt = t->elems ? t->elems[i] : NULL;
  if (!pt != !payload) return HY_MISMATCH;
  return pt ? hy_lift(inst, pt, payload) : HY_OK;
}

static int lift_vals(hy_instance *inst, const hy_type *t, const val *vals, size_t n) {
  inst->frame->lifted += n;
  for (size_t i = 0; i < n; i++) {
    if (hy_over(inst->frame)) return HY_STOPPED;
    int rc = hy_lift(inst, t->elems[t->kind == WASMTIME_COMPONENT_LIST ? 0 : i], &vals[i]);
    if (rc) return rc;
  }
  return HY_OK;
}

static int lift_record(hy_instance *inst, const hy_type *t,
                       const wasmtime_component_valrecord_t *v) {
  if (v->size != t->count) return HY_MISMATCH;
  for (uint32_t i = 0; i < t->count; i++) {
    int rc = hy_lift(inst, t->elems[i], &v->data[i].val);
    if (rc) return rc;
  }
  return HY_OK;
}

static int lift_list(hy_instance *inst, const hy_type *t, const wasmtime_component_vallist_t *v) {
  if (v->size > UINT32_MAX) return HY_RESULT;
  int rc = hy_put_number(inst, t->kind, v->size);
  return rc ? rc : lift_vals(inst, t, v->data, v->size);
}

static int lift_flags(hy_instance *inst, const hy_type *t,
                      const wasmtime_component_valflags_t *v) {
  uint64_t bits = 0;
  for (size_t i = 0; i < v->size; i++) {
    uint32_t at = find(t, &v->data[i]);
    if (at >= 64) return HY_MISMATCH;
    bits |= 1ull << at;
  }
  return hy_put_number(inst, t->kind, bits);
}

static int lift_string(hy_instance *inst, const wasm_name_t *s) {
  if (s->size > UINT32_MAX) return HY_RESULT;
  return hy_put(inst, WASMTIME_COMPONENT_STRING, &s->size, s->size, s->size ? s->data : NULL);
}

static int lift_bytes(hy_instance *inst, const wasmtime_component_vallist_t *v) {
  if (v->size > UINT32_MAX) return HY_RESULT;
  int rc = hy_put(inst, HY_BYTES, &v->size, v->size, NULL);
  if (rc) return rc;
  uint8_t *p = inst->frame->out.data + inst->frame->out.len - v->size;
  for (size_t i = 0; i < v->size; i++) {
    if (hy_over(inst->frame)) return HY_STOPPED;
    if (v->data[i].kind != WASMTIME_COMPONENT_U8) return HY_MISMATCH;
    p[i] = v->data[i].of.u8;
  }
  return HY_OK;
}

// put_far puts a reference to bytes in the guest's memory.
static int put_far(hy_instance *inst, uint8_t kind, const uint8_t *data, uint32_t len) {
  hy_frame *f = inst->frame;
  if (f->out.len + f->far_bytes + len > f->out_max) return HY_RESULT;
  f->far_bytes += len;
  uint32_t place = (uint32_t)(f->far.len / sizeof(hy_far));
  hy_append(&f->far, &(hy_far){data, len}, sizeof(hy_far));
  size_t at = f->out.len;
  int rc = hy_put(inst, kind, &place, 0, NULL);
  if (!rc) f->out.data[at] |= HY_FAR;
  return rc;
}

int hy_put_lane(hy_instance *inst, uint8_t kind, uint32_t address, uint32_t len) {
  const uint8_t *data;
  int rc = kind == HY_LANE_TEXT ? hy_lane_text(inst, address, len, &data)
                                : hy_lane_view(inst, address, len, 1, &data);
  if (rc) return rc;
  return len < HY_FAR_MIN ? hy_put(inst, kind, &len, len, data) : put_far(inst, kind, data, len);
}

static int lift_lane(hy_instance *inst, const hy_type *t, const wasmtime_component_valtuple_t *v) {
  if (v->size != 2) return HY_MISMATCH;
  return hy_load_run(inst, t, v->data[0].of.u32, v->data[1].of.u32);
}

static int lift_resource(hy_instance *inst, const hy_type *t,
                         const wasmtime_component_resource_any_t *v) {
  uint64_t word;
  int rc = hy_resource_lift(inst, t, v, &word);
  return rc ? rc : hy_put_number(inst, t->kind, word);
}

// kind_of returns the kind of the type's values.
static uint8_t kind_of(const hy_type *t) {
  switch (t->kind) {
  case HY_BYTES:
    return WASMTIME_COMPONENT_LIST;
  case HY_LANE_BYTES:
  case HY_LANE_TEXT:
  case HY_LANE_LIST:
    return WASMTIME_COMPONENT_TUPLE;
  case HY_OWN:
  case HY_BORROW:
    return WASMTIME_COMPONENT_RESOURCE;
  default:
    return t->kind;
  }
}

int hy_lift(hy_instance *inst, const hy_type *t, const val *v) {
  if (v->kind != kind_of(t)) return HY_MISMATCH;
  switch (t->kind) {
  case WASMTIME_COMPONENT_STRING:
    return lift_string(inst, &v->of.string);
  case WASMTIME_COMPONENT_LIST:
    return lift_list(inst, t, &v->of.list);
  case WASMTIME_COMPONENT_RECORD:
    return lift_record(inst, t, &v->of.record);
  case WASMTIME_COMPONENT_TUPLE:
    if (v->of.tuple.size != t->count) return HY_MISMATCH;
    return lift_vals(inst, t, v->of.tuple.data, t->count);
  case WASMTIME_COMPONENT_OPTION: {
    int rc = hy_put_number(inst, t->kind, v->of.option != NULL);
    return rc || !v->of.option ? rc : hy_lift(inst, t->elems[0], v->of.option);
  }
  case WASMTIME_COMPONENT_ENUM:
    return lift_case(inst, t, find(t, &v->of.enumeration), NULL);
  case WASMTIME_COMPONENT_VARIANT:
    return lift_case(inst, t, find(t, &v->of.variant.discriminant), v->of.variant.val);
  case WASMTIME_COMPONENT_RESULT:
    return lift_case(inst, t, !v->of.result.is_ok, v->of.result.val);
  case WASMTIME_COMPONENT_FLAGS:
    return lift_flags(inst, t, &v->of.flags);
  case HY_BYTES:
    return lift_bytes(inst, &v->of.list);
  case HY_LANE_BYTES:
  case HY_LANE_TEXT:
  case HY_LANE_LIST:
    return lift_lane(inst, t, &v->of.tuple);
  case HY_OWN:
  case HY_BORROW:
    return lift_resource(inst, t, v->of.resource);
  default:
    return hy_put(inst, t->kind, &v->of, 0, NULL);
  }
}
