// The lane: text and bytes straight from and into a guest's memory. See
// internal/lane, which puts it into components.

#include "shim.h"

#include <stdlib.h>
#include <string.h>

static wasm_trap_t *never(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *args, size_t n) {
  (void)env, (void)caller, (void)args, (void)n;
  return NULL;
}

// store_id returns wasmtime's number of the store, which every handle has. There
// is none yet while a guest is started: then one is made for it.
static uint64_t store_id(hy_instance *inst) {
  if (inst->instance.store_id) return inst->instance.store_id;
  wasm_valtype_vec_t params, results;
  wasm_valtype_vec_new_empty(&params);
  wasm_valtype_vec_new_empty(&results);
  wasm_functype_t *type = wasm_functype_new(&params, &results);
  wasmtime_func_t func;
  wasmtime_func_new_unchecked(inst->context, type, never, NULL, NULL, &func);
  wasm_functype_delete(type);
  inst->instance.store_id = func.store_id;
  return func.store_id;
}

// find finds what a core instance exports under a name of internal/lane. Wasmtime
// numbers the core instances of a store from zero up, and a handle of one is its
// store and its number: TestLaneFindsCoreInstances holds that against the engine.
// One of them has the name, and so no number is tried that is not in use. It is
// the same in every store of a program.
static wasmtime_extern_t find(hy_instance *inst, hy_place *place) {
  wasmtime_instance_t at = {store_id(inst), __atomic_load_n(&place->found, __ATOMIC_RELAXED)};
  wasmtime_extern_t out;
  while (
      !wasmtime_instance_export_get(inst->context, &at, place->name.data, place->name.size, &out))
    at.__private++;
  __atomic_store_n(&place->found, at.__private, __ATOMIC_RELAXED);
  return out;
}

int hy_lane_refuse(hy_instance *inst, const char *why) {
  hy_buffer *message = &inst->frame->message;
  message->len = 0;
  hy_append(message, why, strlen(why));
  return HY_LANE;
}

static int trapped(hy_instance *inst, wasm_trap_t *trap) {
  hy_buffer *message = &inst->frame->message;
  message->len = 0;
  wasm_byte_vec_t text;
  wasm_trap_message(trap, &text);
  hy_append(message, text.data, text.size ? text.size - 1 : 0); // less its final zero
  wasm_byte_vec_delete(&text);
  wasm_trap_delete(trap);
  return HY_LANE;
}

// run calls a core function of the guest, which must not call the host: the
// canonical ABI does not let it either.
static int run(hy_instance *inst, const wasmtime_func_t *func, wasmtime_val_raw_t *vals, size_t n) {
  hy_frame *f = inst->frame;
  wasm_trap_t *trap = NULL;
  inst->inside = true;
  wasmtime_error_t *err = wasmtime_func_call_unchecked(inst->context, func, vals, n, &trap);
  inst->inside = false;
  if (!err && !trap) return HY_OK;
  int rc = HY_LANE;
  if (trap) rc = trapped(inst, trap);
  if (err) hy_error_take(err, &f->message);
  return f->status ? (int)f->status : rc;
}

static uint8_t *memory(hy_instance *inst, size_t *size) {
  if (!inst->memory.store_id) {
    hy_program *p = (hy_program *)inst->program;
    inst->memory = find(inst, &p->memory).of.memory;
  }
  *size = wasmtime_memory_data_size(inst->context, &inst->memory);
  return wasmtime_memory_data(inst->context, &inst->memory);
}

int hy_lane_view(hy_instance *inst, uint32_t address, uint64_t len, uint32_t align,
                 const uint8_t **out) {
  size_t size;
  uint8_t *data = memory(inst, &size);
  if (len > size || address > size - len)
    return hy_lane_refuse(inst, "address and length out of bounds of memory");
  if (address & (align - 1)) return hy_lane_refuse(inst, "address not aligned");
  *out = data + address;
  return HY_OK;
}

int hy_lane_text(hy_instance *inst, uint32_t address, uint32_t len, const uint8_t **out) {
  int rc = hy_lane_view(inst, address, len, 1, out);
  if (!rc && !hy_utf8(*out, len, HY_WIDEST)) rc = hy_lane_refuse(inst, "invalid utf-8 sequence");
  return rc;
}

int hy_lane_put(hy_instance *inst, const uint8_t *bytes, uint32_t len, uint32_t *address) {
  if (inst->room_for != inst->place) {
    inst->room = find(inst, inst->place).of.func;
    inst->room_for = inst->place;
  }
  wasmtime_val_raw_t vals[4] = {{.i32 = 0}, {.i32 = 0}, {.i32 = 1}, {.i32 = (int32_t)len}};
  int rc = run(inst, &inst->room, vals, 4);
  if (rc) return rc;
  *address = (uint32_t)vals[0].i32;
  size_t size;
  uint8_t *data = memory(inst, &size);
  if ((uint64_t)*address + len > size)
    return hy_lane_refuse(inst, "realloc return: out of bounds of memory");
  memcpy(data + *address, bytes, len);
  return HY_OK;
}

int hy_lane_finish(hy_instance *inst) {
  hy_program *p = (hy_program *)inst->program;
  if (!inst->finish_found) {
    wasmtime_extern_t e = find(inst, &p->finish);
    inst->finish_found = true;
    if (e.kind == WASMTIME_EXTERN_FUNC) inst->finish = e.of.func;
  }
  if (!inst->finish.store_id) return HY_OK;
  wasmtime_val_raw_t unused = {.i32 = 0};
  return run(inst, &inst->finish, &unused, 1);
}
