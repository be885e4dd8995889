// Engines, compilation and linking.

#include "shim.h"

#include <pthread.h>
#include <sys/mman.h>

enum { GUARD = 32 << 20 }; // bytes that wasmtime leaves between memories

static wasmtime_pooling_allocation_config_t *pool_new(const hy_config *c) {
  wasmtime_pooling_allocation_config_t *p = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_component_instances_set(p, c->instances);
  wasmtime_pooling_allocation_config_total_core_instances_set(p, c->core_instances);
  wasmtime_pooling_allocation_config_total_memories_set(p, c->memories);
  wasmtime_pooling_allocation_config_total_tables_set(p, c->tables);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(p, 0);
  wasmtime_pooling_allocation_config_total_stacks_set(p, 0);
  wasmtime_pooling_allocation_config_max_memory_size_set(p, c->memory_bytes);
  if (c->keep_bytes) {
    wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(p, c->keep_bytes);
    wasmtime_pooling_allocation_config_table_keep_resident_set(p, c->keep_bytes);
    wasmtime_pooling_allocation_config_max_unused_warm_slots_set(p, c->keep_memories);
  }
  wasmtime_pooling_allocation_config_table_elements_set(p, c->table_elements);
  wasmtime_pooling_allocation_config_max_memories_per_module_set(p, HY_MODULE_MEMORIES);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(p, 4);
  return p;
}

// reservable reports whether the pool's addresses are to be had: wasmtime ends the
// process when they are not.
static bool reservable(const hy_config *c) {
  size_t tables = (size_t)c->tables * c->table_elements * 2 * sizeof(void *);
  size_t all = (c->memory_reservation + GUARD) * (c->memories + 1) + tables;
  void *p = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return false;
  munmap(p, all);
  return true;
}

wasm_engine_t *hy_engine_new(const hy_config *c) {
  hy_settle_ends();
  if (!reservable(c)) return NULL;
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_wasm_component_model_set(config, true);
  wasmtime_config_concurrency_support_set(config, false); // slows calls, and nothing here uses it
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_consume_fuel_set(config, c->fuel);
  wasmtime_config_wasm_threads_set(config, false);
  wasmtime_config_wasm_gc_set(config, false); // the pool has no heaps for it
  wasmtime_config_wasm_exceptions_set(config, false);
  wasmtime_config_shared_memory_set(config, false); // no limiter counts a shared memory
  wasmtime_config_max_wasm_stack_set(config, c->stack_bytes);
  wasmtime_config_memory_reservation_set(config, c->memory_reservation);
  wasmtime_config_memory_guard_size_set(config, GUARD);
  if (c->crowd) hy_crowd_config(config);
  wasmtime_pooling_allocation_config_t *pool = pool_new(c);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
  wasm_engine_t *engine = wasm_engine_new_with_config(config);
  if (c->crowd && !hy_crowd_open(engine, c)) {
    wasm_engine_delete(engine);
    return NULL;
  }
  return engine;
}

size_t hy_thread_stack(void) {
  pthread_attr_t attr;
  size_t bytes = 0;
  if (pthread_attr_init(&attr)) return 0;
  if (pthread_attr_getstacksize(&attr, &bytes)) bytes = 0;
  pthread_attr_destroy(&attr);
  return bytes;
}

wasmtime_component_t *hy_compile(const wasm_engine_t *engine, const uint8_t *wasm, size_t len,
                                 hy_buffer *message) {
  wasmtime_component_t *component = NULL;
  hy_error_take(wasmtime_component_new(engine, wasm, len, &component), message);
  return component;
}

bool hy_serialize(const wasmtime_component_t *component, hy_buffer *out, hy_buffer *message) {
  wasm_byte_vec_t bytes;
  wasmtime_error_t *err = wasmtime_component_serialize(component, &bytes);
  hy_error_take(err, message);
  if (err) return false;
  hy_append(out, bytes.data, bytes.size);
  wasm_byte_vec_delete(&bytes);
  return true;
}

wasmtime_component_t *hy_deserialize(const wasm_engine_t *engine, const uint8_t *code, size_t len,
                                     hy_buffer *message) {
  wasmtime_component_t *component = NULL;
  hy_error_take(wasmtime_component_deserialize(engine, code, len, &component), message);
  return component;
}

wasmtime_component_export_index_t *hy_export(const wasmtime_component_t *component,
                                             const char *iface, size_t iface_len,
                                             const char *name, size_t name_len) {
  if (iface_len == 0) return wasmtime_component_get_export_index(component, NULL, name, name_len);
  wasmtime_component_export_index_t *outer =
      wasmtime_component_get_export_index(component, NULL, iface, iface_len);
  if (!outer) return NULL;
  wasmtime_component_export_index_t *index =
      wasmtime_component_get_export_index(component, outer, name, name_len);
  wasmtime_component_export_index_delete(outer);
  return index;
}

void hy_error_take(wasmtime_error_t *err, hy_buffer *message) {
  message->len = 0;
  if (!err) return;
  wasm_name_t text;
  wasmtime_error_message(err, &text);
  hy_append(message, text.data, text.size);
  wasm_byte_vec_delete(&text);
  wasmtime_error_delete(err);
}

void hy_program_delete(hy_program *p) {
  for (uint32_t i = 0; i < p->func_count; i++)
    if (p->funcs[i].index) wasmtime_component_export_index_delete(p->funcs[i].index);
  hy_waiter_delete(&p->waiter);
  if (p->linker) wasmtime_component_linker_delete(p->linker);
  if (p->component) wasmtime_component_delete(p->component);
  if (p->engine) wasm_engine_delete(p->engine);
}
