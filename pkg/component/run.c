// Instances, calls, and the calls that come back.

#include "shim.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

// Written in Go: see callback.go.
extern int hygiaHostCall(void *caller, uint32_t import);
extern int hygiaResourceDrop(void *caller, uint32_t resource, uint32_t number);

// end records why the guest must stop and makes the error that stops it.
static wasmtime_error_t *end(hy_frame *f, int status) {
  f->status = (uint32_t)status;
  return wasmtime_error_new("ended by the host");
}

// offer lets another thread have the CPU, if more calls of the flow are to come: a
// kernel may put the thread of another flow's call behind this one for some
// milliseconds, though another CPU be free.
static void offer(hy_frame *f) {
  if (__atomic_load_n(&f->yields, __ATOMIC_RELAXED)) sched_yield();
}

static wasmtime_error_t *on_epoch(wasmtime_context_t *context, void *data, uint64_t *delta,
                                  wasmtime_update_deadline_kind_t *kind) {
  (void)context;
  hy_instance *inst = data;
  hy_frame *f = inst->frame;
  if (f && hy_over(f)) return end(f, HY_STOPPED);
  if (f) offer(f);
  *delta = 1;
  *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  return NULL;
}

static int call_host(hy_instance *inst, hy_import *imp, const wasmtime_component_val_t *args,
                     size_t count, wasmtime_component_val_t *results, size_t result_count) {
  hy_frame *f = inst->frame;
  const hy_signature *sig = &imp->sig;
  if (inst->inside) return HY_INSIDE;
  f->import = imp->index;
  if (f->calls == 0) return HY_HOST_CALLS;
  __atomic_store_n(&f->calls, f->calls - 1, __ATOMIC_RELAXED);
  if (count != sig->count || result_count != (sig->result ? 1 : 0)) return HY_MISMATCH;
  f->out.len = f->far.len = f->far_bytes = 0;
  for (size_t i = 0; i < count; i++) {
    int rc = hy_lift(inst, sig->params[i], &args[i]);
    if (rc) return rc;
  }
  f->in.len = 0;
  __atomic_store_n(&f->in_host, 1, __ATOMIC_RELAXED);
  int rc = hygiaHostCall(f->caller, imp->index);
  __atomic_store_n(&f->in_host, 0, __ATOMIC_RELAXED);
  f->far.len = 0;
  if (rc) return rc;
  if (!sig->result) return f->in.len ? HY_HOST_VALUE : HY_OK;
  size_t arena = 0;
  if (!hy_check(inst, &sig->result, 1, f->in.data, f->in.len, &arena))
    return hy_over(f) ? HY_STOPPED : HY_HOST_VALUE;
  if (arena > HY_VALUES_MAX) return HY_HOST_HEAVY;
  inst->place = &imp->room;
  rc = hy_own(inst, sig->result, f->in.data, f->in.len, results);
  return rc == HY_MISMATCH ? HY_HOST_VALUE : rc;
}

static wasmtime_error_t *on_import(void *data, wasmtime_context_t *context,
                                   const wasmtime_component_func_type_t *type,
                                   wasmtime_component_val_t *args, size_t count,
                                   wasmtime_component_val_t *results, size_t result_count) {
  (void)type;
  hy_instance *inst = wasmtime_context_get_data(context);
  int rc = call_host(inst, data, args, count, results, result_count);
  return rc ? end(inst->frame, rc) : NULL;
}

static wasmtime_error_t *on_resource_drop(void *data, wasmtime_context_t *context,
                                          uint32_t number) {
  hy_instance *inst = wasmtime_context_get_data(context);
  hy_frame *f = inst->frame;
  if (inst->inside) return end(f, HY_INSIDE);
  if (f->calls == 0) return end(f, HY_HOST_CALLS);
  __atomic_store_n(&f->calls, f->calls - 1, __ATOMIC_RELAXED);
  __atomic_store_n(&f->in_host, 1, __ATOMIC_RELAXED);
  int rc = hygiaResourceDrop(f->caller, (uint32_t)(uintptr_t)data, number);
  __atomic_store_n(&f->in_host, 0, __ATOMIC_RELAXED);
  return rc ? end(f, rc) : NULL;
}

static wasmtime_error_t *link_item(wasmtime_component_linker_instance_t *at, const hy_item *item) {
  if (item->func)
    return wasmtime_component_linker_instance_add_func(at, item->name.data, item->name.size,
                                                       on_import, item->func, NULL);
  wasmtime_component_resource_type_t *type =
      wasmtime_component_resource_type_new_host(item->resource);
  wasmtime_error_t *err = wasmtime_component_linker_instance_add_resource(
      at, item->name.data, item->name.size, type, on_resource_drop,
      (void *)(uintptr_t)item->resource, NULL);
  wasmtime_component_resource_type_delete(type);
  return err;
}

bool hy_link_items(wasmtime_component_linker_t *linker, const char *iface, size_t iface_len,
                   const hy_item *items, size_t count, hy_buffer *message) {
  // Each handle borrows the one that it came from until it is deleted.
  wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
  wasmtime_component_linker_instance_t *at = root;
  wasmtime_error_t *err = NULL;
  if (iface_len)
    err = wasmtime_component_linker_instance_add_instance(root, iface, iface_len, &at);
  for (size_t i = 0; i < count && !err; i++)
    err = link_item(at, &items[i]);
  if (at != root) wasmtime_component_linker_instance_delete(at);
  wasmtime_component_linker_instance_delete(root);
  bool ok = !err;
  hy_error_take(err, message);
  return ok;
}

// hy_failed says why a call ended with err: what the host decided goes before what
// wasmtime made of it.
int hy_failed(hy_frame *f, wasmtime_error_t *err) {
  int status = (int)f->status;
  if (status == HY_LANE || status == HY_FAILED) { // which have said why
    wasmtime_error_delete(err);
    return status;
  }
  if (status == HY_OK)
    status = wasmtime_error_exit_status(err, &f->exit_status) ? HY_EXITED : HY_FAILED;
  hy_error_take(err, &f->message);
  return status;
}

// hy_trapped says why a call ended with a trap.
int hy_trapped(hy_frame *f, wasm_trap_t *trap) {
  wasm_byte_vec_t text;
  wasm_trap_message(trap, &text);
  f->message.len = 0;
  hy_append(&f->message, text.data, text.size ? text.size - 1 : 0); // less its final zero
  wasm_byte_vec_delete(&text);
  wasm_trap_delete(trap);
  return f->status ? (int)f->status : HY_FAILED;
}

// gauge notes what is left of a call's fuel. What wasmtime returns here is an error
// only where the engine does not count fuel: then the program's is 0.
static void gauge(hy_frame *f, hy_instance *inst) {
  if (inst->program->fuel) (void)wasmtime_context_get_fuel(inst->context, &f->fuel);
}

static void fuel(hy_instance *inst) {
  uint64_t all = inst->program->fuel;
  if (all) (void)wasmtime_context_set_fuel(inst->context, all);
}

// hy_frame_enter makes f the frame of a call of a live instance, until hy_frame_exit.
void hy_frame_enter(hy_frame *f, hy_instance *inst) {
  f->status = HY_OK;
  f->started = 1;
  inst->frame = f;
  fuel(inst);
}

void hy_frame_exit(hy_frame *f, hy_instance *inst) {
  gauge(f, inst);
  inst->frame = NULL;
}

static int start(hy_frame *f, const hy_program *p, hy_instance *inst) {
  inst->program = p;
  inst->frame = f;
  inst->instance.store_id = inst->memory.store_id = inst->finish.store_id = 0;
  inst->room_for = NULL;
  inst->finish_found = inst->inside = false;
  inst->handles = (hy_buffer){0};
  inst->free_from = 0;
  f->status = HY_OK;
  f->started = 0;
  inst->store = wasmtime_store_new(p->engine, inst, NULL);
  inst->context = wasmtime_store_context(inst->store);
  wasmtime_store_limiter(inst->store, p->memory_bytes, p->table_elements, p->instances, p->tables,
                         p->memories);
  wasmtime_store_epoch_deadline_callback(inst->store, on_epoch, inst, NULL);
  wasmtime_context_set_epoch_deadline(inst->context, 1);
  fuel(inst);
  if (p->wasi) {
    int rc = hy_grant(inst);
    if (rc) return rc;
  }
  wasmtime_error_t *err = wasmtime_component_linker_instantiate(p->linker, inst->context,
                                                                p->component, &inst->instance);
  if (err) return hy_failed(f, err);
  f->started = 1;
  return HY_OK;
}

// call_by_values has wasmtime lower the arguments and lift the result.
static int call_by_values(hy_frame *f, hy_instance *inst, const hy_func *fn,
                          wasmtime_component_func_t *func, size_t arena, const uint8_t *args,
                          size_t len) {
  const hy_signature *sig = &fn->sig;
  if (arena > HY_VALUES_MAX) return HY_HEAVY;
  hy_reserve(&f->arena, arena);
  wasmtime_component_val_t *params = (wasmtime_component_val_t *)f->arena.data;
  if (!func->store_id &&
      !wasmtime_component_instance_get_func(&inst->instance, inst->context, fn->index, func))
    return HY_NO_EXPORT;
  inst->place = (hy_place *)&inst->program->room;
  int rc = hy_borrow(inst, sig->params, sig->count, args, len, (uint8_t *)(params + sig->count), params);
  if (rc) {
    hy_resources_settle(inst, false);
    return rc;
  }
  wasmtime_component_val_t result = {0};
  size_t results = sig->result ? 1 : 0;
  wasmtime_error_t *err =
      wasmtime_component_func_call(func, inst->context, params, sig->count, &result, results);
  if (f->loans.len) hy_resources_settle(inst, !err);
  if (err) return hy_failed(f, err);
  inst->called = fn;
  f->out.len = f->far.len = f->far_bytes = 0;
  if (!results) return HY_OK;
  rc = hy_lift(inst, sig->result, &result);
  wasmtime_component_val_delete(&result);
  return rc;
}

static int call(hy_frame *f, hy_instance *inst, const hy_func *fn, hy_found *found,
                const uint8_t *args, size_t len) {
  const hy_signature *sig = &fn->sig;
  size_t arena = sig->count * sizeof(wasmtime_component_val_t);
  if (!hy_check(inst, sig->params, sig->count, args, len, &arena))
    return hy_over(f) ? HY_STOPPED : HY_VALUE;
  int rc = fn->direct ? hy_lane_call(inst, fn, found, args, len)
                      : call_by_values(f, inst, fn, &found->func, arena, args, len);
  if (rc == HY_FAILED || f->measured) f->memory = hy_lane_memory(inst);
  if (rc) hy_lane_asked(inst);
  return rc;
}

static void end_fresh(hy_instance *inst) {
  wasmtime_store_delete(inst->store);
  hy_resources_delete(inst);
}

int hy_run(hy_ref frame, hy_ref program, uint32_t func, const uint8_t *args, size_t len) {
  hy_frame *f = (hy_frame *)frame;
  const hy_program *p = (const hy_program *)program;
  hy_instance *inst = f->fresh;
  int rc = start(f, p, inst);
  inst->funcs[0] = (hy_found){0};
  if (rc == HY_OK) rc = call(f, inst, &p->funcs[func], &inst->funcs[0], args, len);
  if (rc == HY_OK && f->far.len) {
    f->held = inst;
  } else {
    if (rc == HY_OK) rc = hy_lane_finish(inst);
    gauge(f, inst);
    end_fresh(inst);
  }
  offer(f);
  return rc;
}

int hy_release(hy_ref frame) {
  hy_frame *f = (hy_frame *)frame;
  hy_instance *inst = f->held;
  f->held = NULL;
  f->far.len = 0;
  inst->frame = f;
  int rc = hy_lane_finish(inst);
  hy_frame_exit(f, inst);
  if (inst == f->fresh) end_fresh(inst);
  return rc;
}

int hy_instance_new(hy_frame *f, const hy_program *p, hy_instance **out) {
  hy_instance *inst = calloc(1, sizeof *inst + p->func_count * sizeof inst->funcs[0]);
  if (!inst) abort();
  int rc = start(f, p, inst);
  hy_frame_exit(f, inst);
  if (rc == HY_OK)
    *out = inst;
  else
    hy_instance_delete(inst);
  return rc;
}

int hy_instance_call(hy_ref frame, hy_ref instance, uint32_t func, const uint8_t *args,
                     size_t len) {
  hy_frame *f = (hy_frame *)frame;
  hy_instance *inst = (hy_instance *)instance;
  hy_frame_enter(f, inst);
  const hy_func *fn = &inst->program->funcs[func];
  int rc = call(f, inst, fn, &inst->funcs[func], args, len);
  if (rc == HY_OK && f->far.len)
    f->held = inst;
  else if (rc == HY_OK)
    rc = hy_lane_finish(inst);
  hy_frame_exit(f, inst);
  offer(f);
  return rc;
}

void hy_instance_delete(hy_instance *inst) {
  wasmtime_store_delete(inst->store);
  hy_resources_delete(inst);
  free(inst);
}
