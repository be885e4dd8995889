// The lane: a guest's core functions and its memory, without wasmtime's values. See
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

// find finds what a core instance exports under a name of internal/lane, or returns
// false. Wasmtime numbers the core instances of a store one after the other, from 1 on (0
// is one of its own, without exports), and a handle of one is its store and its number:
// TestLaneFindsCoreInstances holds that against the engine. One of them has the name, and so no number is tried that is not
// in use. It is the same in every store of a program.
static bool find(hy_instance *inst, hy_place *place, wasmtime_extern_t *out) {
  wasmtime_instance_t at = {store_id(inst), __atomic_load_n(&place->found, __ATOMIC_RELAXED)};
  while (
      !wasmtime_instance_export_get(inst->context, &at, place->name.data, place->name.size, out))
    if (at.__private++ >= inst->program->core_instances) return false;
  __atomic_store_n(&place->found, at.__private, __ATOMIC_RELAXED);
  return true;
}

static bool same(const wasm_valtype_vec_t *have, const uint8_t *want, size_t count) {
  if (have->size != count) return false;
  for (size_t i = 0; i < count; i++)
    if (wasm_valtype_kind(have->data[i]) != want[i]) return false;
  return true;
}

// fits reports whether a function has the type by which it will be called, which
// nobody else checks. It is the same one in every store of a program.
static bool fits(hy_instance *inst, hy_place *place, const wasmtime_func_t *func) {
  if (__atomic_load_n(&place->fits, __ATOMIC_RELAXED)) return true;
  const hy_core *want = &place->type;
  wasm_functype_t *type = wasmtime_func_type(inst->context, func);
  bool ok = same(wasm_functype_params(type), want->params, want->count) &&
            same(wasm_functype_results(type), want->result, want->result ? 1 : 0);
  wasm_functype_delete(type);
  if (ok) __atomic_store_n(&place->fits, 1, __ATOMIC_RELAXED);
  return ok;
}

static bool find_func(hy_instance *inst, hy_place *place, wasmtime_func_t *out) {
  wasmtime_extern_t e;
  if (!find(inst, place, &e) || e.kind != WASMTIME_EXTERN_FUNC || !fits(inst, place, &e.of.func))
    return false;
  *out = e.of.func;
  return true;
}

int hy_lane_refuse(hy_instance *inst, const char *why) {
  hy_buffer *message = &inst->frame->message;
  message->len = 0;
  hy_append(message, why, strlen(why));
  return HY_LANE;
}

// core calls a core function of the guest.
static int core(hy_instance *inst, const wasmtime_func_t *func, wasmtime_val_raw_t *vals, size_t n) {
  hy_frame *f = inst->frame;
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *err = wasmtime_func_call_unchecked(inst->context, func, vals, n, &trap);
  if (err) return hy_failed(f, err);
  return trap ? hy_trapped(f, trap) : HY_OK;
}

// aside calls one that must not call the host: the canonical ABI does not let it.
static int aside(hy_instance *inst, const wasmtime_func_t *func, wasmtime_val_raw_t *vals, size_t n) {
  inst->inside = true;
  int rc = core(inst, func, vals, n);
  inst->inside = false;
  return rc;
}

static uint8_t *memory(hy_instance *inst, size_t *size) {
  if (!inst->memory.store_id) {
    wasmtime_extern_t e;
    hy_program *p = (hy_program *)inst->program;
    *size = 0;
    if (!find(inst, &p->memory, &e) || e.kind != WASMTIME_EXTERN_MEMORY) return NULL;
    inst->memory = e.of.memory;
  }
  *size = wasmtime_memory_data_size(inst->context, &inst->memory);
  return wasmtime_memory_data(inst->context, &inst->memory);
}

size_t hy_lane_memory(const hy_instance *inst) {
  return inst->memory.store_id ? wasmtime_memory_data_size(inst->context, &inst->memory) : 0;
}

// asked returns the most that a core instance says it was refused. All are there: the
// component was instantiated.
static uint64_t asked(hy_instance *inst, const wasm_name_t *name) {
  uint64_t most = 0;
  wasmtime_instance_t at = {inst->instance.store_id, 1};
  for (; at.__private <= inst->program->core_instances; at.__private++) {
    wasmtime_extern_t e;
    wasmtime_val_t v;
    if (!wasmtime_instance_export_get(inst->context, &at, name->data, name->size, &e)) continue;
    if (e.kind != WASMTIME_EXTERN_GLOBAL) continue;
    wasmtime_global_get(inst->context, &e.of.global, &v);
    if (v.kind == WASMTIME_I64 && (uint64_t)v.of.i64 > most) most = (uint64_t)v.of.i64;
  }
  return most;
}

void hy_lane_asked(hy_instance *inst) {
  for (int i = 0; i < 2; i++) inst->frame->asked[i] = asked(inst, &inst->program->asked[i]);
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

// check_text looks at text in pieces, each of whole characters: three bytes at most
// follow one's first.
static int check_text(hy_instance *inst, const uint8_t *at, size_t len) {
  for (size_t n = HY_PIECE; len; at += n, len -= n, n = HY_PIECE) {
    if (n >= len) n = len;
    else while (n > HY_PIECE - 4 && (at[n] & 0xC0) == 0x80) n--;
    if (!hy_utf8(at, n, HY_WIDEST)) return hy_lane_refuse(inst, "invalid utf-8 sequence");
    if (hy_over(inst->frame)) return HY_STOPPED;
  }
  return HY_OK;
}

int hy_lane_text(hy_instance *inst, uint32_t address, uint32_t len, const uint8_t **out) {
  int rc = hy_lane_view(inst, address, len, 1, out);
  return rc ? rc : check_text(inst, *out, len);
}

int hy_lane_room(hy_instance *inst, uint64_t size, uint32_t align, uint32_t *address,
                 uint8_t **data) {
  if (size > UINT32_MAX) return hy_lane_refuse(inst, "realloc: more than the memory may have");
  if (inst->room_for != inst->place) {
    if (!find_func(inst, inst->place, &inst->room)) return HY_MISMATCH;
    inst->room_for = inst->place;
  }
  wasmtime_val_raw_t vals[4] = {{.i32 = 0}, {.i32 = 0}, {.i32 = (int32_t)align}, {.i32 = (int32_t)size}};
  int rc = aside(inst, &inst->room, vals, 4);
  if (rc) return rc;
  *address = (uint32_t)vals[0].i32;
  size_t all;
  *data = memory(inst, &all);
  if (*address & (align - 1)) return hy_lane_refuse(inst, "realloc return: result not aligned");
  if (*address + size > all) return hy_lane_refuse(inst, "realloc return: beyond end of memory");
  *data += *address;
  return HY_OK;
}

int hy_lane_fill(hy_instance *inst, uint8_t *to, const uint8_t *from, size_t len) {
  for (size_t n; len; to += n, from += n, len -= n) {
    n = len < HY_PIECE ? len : HY_PIECE;
    memcpy(to, from, n);
    if (hy_over(inst->frame)) return HY_STOPPED;
  }
  return HY_OK;
}

int hy_lane_call(hy_instance *inst, const hy_func *fn, hy_found *found, const uint8_t *args,
                 size_t len) {
  hy_frame *f = inst->frame;
  if (!found->call.store_id && !find_func(inst, (hy_place *)&fn->call, &found->call))
    return HY_NO_EXPORT;
  wasmtime_val_raw_t vals[HY_FLAT_MAX];
  int rc = hy_store(inst, fn, args, len, vals);
  if (!rc) rc = core(inst, &found->call, vals, HY_FLAT_MAX);
  if (rc) return rc;
  inst->called = fn;
  inst->caller = found;
  inst->result = vals[0];
  f->out.len = f->far.len = f->far_bytes = 0;
  const hy_type *t = fn->sig.result;
  if (!t) return HY_OK;
  return t->flat > 1 ? hy_load(inst, t, (uint32_t)vals[0].i32)
                     : hy_load_number(inst, t, (uint64_t)vals[0].i64);
}

// finish_direct tells the function itself, and finish_other all that wasmtime called.
static int finish_direct(hy_instance *inst) {
  hy_found *found = inst->caller;
  if (!found->post.store_id && !find_func(inst, (hy_place *)&inst->called->post, &found->post))
    return HY_MISMATCH;
  return aside(inst, &found->post, &inst->result, 1);
}

static int finish_other(hy_instance *inst) {
  hy_program *p = (hy_program *)inst->program;
  if (!inst->finish_found) {
    wasmtime_extern_t e;
    if (!find(inst, &p->finish, &e)) return HY_MISMATCH;
    inst->finish_found = true;
    if (e.kind == WASMTIME_EXTERN_FUNC) {
      if (!fits(inst, &p->finish, &e.of.func)) return HY_MISMATCH;
      inst->finish = e.of.func;
    }
  }
  if (!inst->finish.store_id) return HY_OK;
  wasmtime_val_raw_t unused = {.i32 = 0};
  return aside(inst, &inst->finish, &unused, 1);
}

int hy_lane_finish(hy_instance *inst) {
  if (!inst->called->finish) return HY_OK;
  int rc = inst->called->direct ? finish_direct(inst) : finish_other(inst);
  if (rc) hy_lane_asked(inst);
  return rc;
}
