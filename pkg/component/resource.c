// Resources on their way between Go and wasmtime, as words: see codec.go. Of the
// host's, wasmtime knows two numbers, Go's of the value and Go's of the type. Of
// the guest's, wasmtime gives what only its store understands: an instance keeps
// them in a table, and Go knows their places in it.

#include "shim.h"

#include <stdlib.h>

typedef wasmtime_component_resource_any_t any;
typedef wasmtime_component_resource_host_t host;

static void discard(wasmtime_error_t *err) {
  if (err) wasmtime_error_delete(err);
}

// The table.

static any **slots(const hy_instance *inst) { return (any **)inst->handles.data; }
static uint32_t slot_count(const hy_instance *inst) {
  return (uint32_t)(inst->handles.len / sizeof(any *));
}

static int keep(hy_instance *inst, const any *value, uint32_t *slot) {
  uint32_t i = inst->free_from, n = slot_count(inst);
  while (i < n && slots(inst)[i]) i++;
  if (i >= inst->program->resources_max) return HY_RESOURCES;
  any *copy = wasmtime_component_resource_any_clone(value);
  if (i == n)
    hy_append(&inst->handles, &copy, sizeof copy);
  else
    slots(inst)[i] = copy;
  inst->free_from = i + 1;
  *slot = i;
  return HY_OK;
}

static void release(hy_instance *inst, uint32_t slot) {
  wasmtime_component_resource_any_delete(slots(inst)[slot]); // which takes NULL
  slots(inst)[slot] = NULL;
  if (slot < inst->free_from) inst->free_from = slot;
}

void hy_resources_delete(hy_instance *inst) {
  for (uint32_t i = 0; i < slot_count(inst); i++)
    wasmtime_component_resource_any_delete(slots(inst)[i]);
  free(inst->handles.data);
}

// To wasmtime.

// What a call's arguments hold, until it is over.
typedef struct {
  any *value;    // NULL: a handle of the guest's, which is given away
  uint32_t slot; // of that handle
  bool lent;
} loan;

bool hy_resource_check(const hy_instance *inst, const hy_type *t, uint64_t word) {
  uint32_t number = (uint32_t)word;
  if (word >> 32 != t->resource) return false;
  return !t->guest || (number < slot_count(inst) && slots(inst)[number]);
}

static any *make(hy_instance *inst, const hy_type *t, uint32_t number) {
  host *h = wasmtime_component_resource_host_new(true, number, t->resource);
  any *value = NULL;
  discard(wasmtime_component_resource_host_to_any(inst->context, h, &value));
  wasmtime_component_resource_host_delete(h);
  return value;
}

static bool put(any *value, wasmtime_component_val_t *out) {
  if (!value) return false;
  out->kind = WASMTIME_COMPONENT_RESOURCE;
  out->of.resource = value;
  return true;
}

// hy_resource_lend builds an argument, which stays C's.
bool hy_resource_lend(hy_instance *inst, const hy_type *t, uint64_t word,
                      wasmtime_component_val_t *out) {
  loan l = {.slot = (uint32_t)word, .lent = t->kind == HY_BORROW};
  if (!t->guest) l.value = make(inst, t, (uint32_t)word);
  if (!put(t->guest ? slots(inst)[l.slot] : l.value, out)) return false;
  if (l.value || !l.lent) hy_append(&inst->frame->loans, &l, sizeof l);
  return true;
}

// hy_resource_own builds a host function's result, which wasmtime takes over.
bool hy_resource_own(hy_instance *inst, const hy_type *t, uint64_t word,
                     wasmtime_component_val_t *out) {
  return !t->guest && put(make(inst, t, (uint32_t)word), out);
}

// hy_resources_settle ends the loans of a call. When it failed its store is over
// and tracks nothing any more.
void hy_resources_settle(hy_instance *inst, bool arrived) {
  hy_buffer *b = &inst->frame->loans;
  for (loan *l = (loan *)b->data; l < (loan *)(b->data + b->len); l++) {
    if (!l->value) {
      release(inst, l->slot);
      continue;
    }
    if (l->lent && arrived) discard(wasmtime_component_resource_any_drop(inst->context, l->value));
    wasmtime_component_resource_any_delete(l->value);
  }
  b->len = 0;
}

// From wasmtime.

int hy_resource_lift(hy_instance *inst, const hy_type *t, const any *value, uint64_t *word) {
  uint32_t number = 0;
  if (t->guest) {
    int rc = t->kind == HY_OWN ? keep(inst, value, &number) : HY_MISMATCH;
    if (rc) return rc;
  } else {
    host *h = NULL;
    discard(wasmtime_component_resource_any_to_host(inst->context, value, &h));
    if (!h) return HY_MISMATCH;
    number = wasmtime_component_resource_host_rep(h);
    bool right = wasmtime_component_resource_host_type(h) == t->resource;
    wasmtime_component_resource_host_delete(h);
    if (!right) return HY_MISMATCH;
  }
  *word = (uint64_t)t->resource << 32 | number;
  return HY_OK;
}

int hy_instance_drop(hy_frame *f, hy_instance *inst, uint32_t slot) {
  hy_frame_enter(f, inst);
  wasmtime_error_t *err = wasmtime_component_resource_any_drop(inst->context, slots(inst)[slot]);
  release(inst, slot);
  hy_frame_exit(f, inst);
  return err ? hy_failed(f, err) : HY_OK;
}
