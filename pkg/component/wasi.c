// WASI: folders, output, a clock that cannot be waited for, and no socket.
//
// wasmtime's own timers block the thread, out of reach of epochs: a guest could
// sleep through any deadline. So the linker's monotonic clock is replaced by one
// whose timers end after WAIT_MAX at the latest. A guest that waits longer finds
// that it woke early, as any program may, and waits again; in between it can be
// stopped. A timer is a resource that only wasmtime can make, and only for a
// guest: a component of ours, put beside the guest in its store, asks for it.
//
// Standard libraries import sockets that nobody uses. wasmtime's are linked, since
// their types are bound to its other ones, but for the functions that make one,
// which are replaced: so nothing can be done with the rest. Names are not looked
// up by wasmtime itself, which needs to be told to.

#include "shim.h"

#include <string.h>
#include <time.h>

// Written in Go: see callback.go.
extern ptrdiff_t hygiaOutput(uintptr_t handle, uint8_t *data, size_t len);

enum { WAIT_MAX = 5 * 1000 * 1000 }; // nanoseconds

// The version is the one that the linked wasmtime registers, which engine_*.go
// name: a linker looks for that very name first.
// TestInvariant5WASISleepEndsAtTheDeadline fails when it is another.
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define POLL "wasi:io/poll@" TEXT(HYGIA_WASI)
#define CLOCK "wasi:clocks/monotonic-clock@" TEXT(HYGIA_WASI)
#define TCP "wasi:sockets/tcp-create-socket@" TEXT(HYGIA_WASI)
#define UDP "wasi:sockets/udp-create-socket@" TEXT(HYGIA_WASI)

static const char waiter_text[] =
    "(component"
    " (import \"" POLL "\" (instance $poll (export \"pollable\" (type (sub resource)))))"
    " (alias export $poll \"pollable\" (type $pollable))"
    " (import \"" CLOCK "\" (instance $clock"
    "  (alias outer 1 $pollable (type $outer))"
    "  (export \"pollable\" (type $pollable (eq $outer)))"
    "  (export \"subscribe-duration\" (func (param \"when\" u64) (result (own $pollable))))))"
    " (core func $wasi (canon lower (func $clock \"subscribe-duration\")))"
    " (core module $m"
    "  (import \"\" \"wasi\" (func $wasi (param i64) (result i32)))"
    "  (func (export \"subscribe\") (param i64) (result i32) (call $wasi (local.get 0))))"
    " (core instance $i (instantiate $m (with \"\" (instance (export \"wasi\" (func $wasi))))))"
    " (func (export \"subscribe\") (param \"when\" u64) (result (own $pollable))"
    "  (canon lift (core func $i \"subscribe\"))))";

static wasmtime_error_t *waiter_new(hy_waiter *w, const wasm_engine_t *engine) {
  w->linker = wasmtime_component_linker_new(engine);
  wasmtime_error_t *err = wasmtime_component_linker_add_wasip2(w->linker);
  if (!err)
    err = wasmtime_component_new(engine, (const uint8_t *)waiter_text, sizeof waiter_text - 1,
                                 &w->component);
  if (!err) w->subscribe = hy_export(w->component, "", 0, "subscribe", sizeof "subscribe" - 1);
  return err;
}

void hy_waiter_delete(hy_waiter *w) {
  if (w->subscribe) wasmtime_component_export_index_delete(w->subscribe);
  if (w->component) wasmtime_component_delete(w->component);
  if (w->linker) wasmtime_component_linker_delete(w->linker);
}

static uint64_t nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void set_u64(wasmtime_component_val_t *v, uint64_t n) {
  v->kind = WASMTIME_COMPONENT_U64;
  v->of.u64 = n;
}

// waiter_make puts a waiter into a store. It is there before the guest, whose core
// instances have the same numbers then, whether it waits or not: see lane.c.
static wasmtime_error_t *waiter_make(hy_instance *inst) {
  const hy_waiter *w = &inst->program->waiter;
  wasmtime_component_instance_t waiter;
  wasmtime_error_t *err =
      wasmtime_component_linker_instantiate(w->linker, inst->context, w->component, &waiter);
  if (err) return err;
  bool ok = wasmtime_component_instance_get_func(&waiter, inst->context, w->subscribe, &inst->waiter);
  return ok ? NULL : wasmtime_error_new("no timer");
}

// subscribe makes a timer through the waiter.
static wasmtime_error_t *subscribe(hy_instance *inst, wasmtime_context_t *context, uint64_t wait,
                                   wasmtime_component_val_t *result) {
  wasmtime_component_val_t arg;
  set_u64(&arg, wait < WAIT_MAX ? wait : WAIT_MAX);
  return wasmtime_component_func_call(&inst->waiter, context, &arg, 1, result, 1);
}

#define CALLBACK(name)                                                                             \
  static wasmtime_error_t *name(void *data, wasmtime_context_t *context,                           \
                                const wasmtime_component_func_type_t *type,                        \
                                wasmtime_component_val_t *args, size_t count,                      \
                                wasmtime_component_val_t *results, size_t result_count)
#define UNUSED (void)data, (void)type, (void)args, (void)count, (void)result_count, (void)context

CALLBACK(on_now) {
  UNUSED;
  hy_instance *inst = wasmtime_context_get_data(context);
  set_u64(results, nanoseconds() - inst->born);
  return NULL;
}

CALLBACK(on_resolution) {
  UNUSED;
  set_u64(results, 1);
  return NULL;
}

CALLBACK(on_subscribe_duration) {
  UNUSED;
  return subscribe(wasmtime_context_get_data(context), context, args->of.u64, results);
}

CALLBACK(on_subscribe_instant) {
  UNUSED;
  hy_instance *inst = wasmtime_context_get_data(context);
  uint64_t now = nanoseconds() - inst->born, when = args->of.u64;
  return subscribe(inst, context, when > now ? when - now : 0, results);
}

CALLBACK(on_create_socket) {
  UNUSED;
  wasmtime_component_val_t denied = {.kind = WASMTIME_COMPONENT_ENUM};
  wasm_byte_vec_new(&denied.of.enumeration, sizeof "access-denied" - 1, "access-denied");
  results->kind = WASMTIME_COMPONENT_RESULT;
  results->of.result.is_ok = false;
  results->of.result.val = wasmtime_component_val_new(&denied);
  return NULL;
}

typedef struct {
  wasm_name_t name;
  wasmtime_error_t *(*call)(void *, wasmtime_context_t *, const wasmtime_component_func_type_t *,
                            wasmtime_component_val_t *, size_t, wasmtime_component_val_t *, size_t);
} replacement;

// replace puts functions where wasmtime's whole interface was.
static wasmtime_error_t *replace(wasmtime_component_linker_instance_t *root, const char *iface,
                                 const replacement *funcs, size_t count) {
  wasmtime_component_linker_instance_t *into = NULL;
  wasmtime_error_t *err =
      wasmtime_component_linker_instance_add_instance(root, iface, strlen(iface), &into);
  for (size_t i = 0; i < count && !err; i++)
    err = wasmtime_component_linker_instance_add_func(into, funcs[i].name.data, funcs[i].name.size,
                                                      funcs[i].call, NULL, NULL);
  if (into) wasmtime_component_linker_instance_delete(into);
  return err;
}

// replace_some puts the functions above where wasmtime's were.
static wasmtime_error_t *replace_some(wasmtime_component_linker_t *linker) {
  static const replacement clock[] = {
      {{3, "now"}, on_now},
      {{10, "resolution"}, on_resolution},
      {{17, "subscribe-instant"}, on_subscribe_instant},
      {{18, "subscribe-duration"}, on_subscribe_duration},
  };
  static const replacement tcp = {{17, "create-tcp-socket"}, on_create_socket};
  static const replacement udp = {{17, "create-udp-socket"}, on_create_socket};
  wasmtime_component_linker_allow_shadowing(linker, true);
  wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker);
  wasmtime_error_t *err = replace(root, CLOCK, clock, sizeof clock / sizeof *clock);
  if (!err) err = replace(root, TCP, &tcp, 1);
  if (!err) err = replace(root, UDP, &udp, 1);
  wasmtime_component_linker_instance_delete(root);
  wasmtime_component_linker_allow_shadowing(linker, false);
  return err;
}

bool hy_link_wasi(hy_program *p, hy_buffer *message) {
  wasmtime_error_t *err = wasmtime_component_linker_add_wasip2(p->linker);
  if (!err) err = replace_some(p->linker);
  if (!err) err = waiter_new(&p->waiter, p->engine);
  bool ok = !err;
  hy_error_take(err, message);
  return ok;
}

static ptrdiff_t on_output(void *data, const unsigned char *bytes, size_t len) {
  return hygiaOutput((uintptr_t)data, (uint8_t *)bytes, len);
}

// preopen is the one function of wasmtime's that its versions declare otherwise.
static bool preopen(wasi_config_t *wasi, const hy_folder *d) {
#ifdef HYGIA_LTS
  return wasi_config_preopen_dir(wasi, d->host, d->guest, !d->read_only);
#else
  size_t perms = HYGIA_WASI_PERMS_READ | (d->read_only ? 0 : HYGIA_WASI_PERMS_WRITE);
  return wasi_config_preopen_dir(wasi, d->host, d->guest, perms, perms);
#endif
}

int hy_grant(hy_instance *inst) {
  const hy_program *p = inst->program;
  inst->born = nanoseconds();
  wasi_config_t *wasi = wasi_config_new();
  if (p->output) {
    wasi_config_set_stdout_custom(wasi, on_output, (void *)p->output, NULL);
    wasi_config_set_stderr_custom(wasi, on_output, (void *)p->output, NULL);
  }
  for (uint32_t i = 0; i < p->folder_count; i++) {
    const hy_folder *d = &p->folders[i];
    if (!preopen(wasi, d)) {
      wasi_config_delete(wasi);
      return HY_FOLDER;
    }
  }
  wasmtime_error_t *err = wasmtime_context_set_wasi(inst->context, wasi);
  if (!err) err = waiter_make(inst);
  return err ? hy_failed(inst->frame, err) : HY_OK;
}
