// Crowds: engines of more instances than the system lets a process map memories.
//
// Linux counts the ranges of addresses that differ in their protection, and
// stops at 65 530. A memory in the pool takes two: what the guest has, and the
// rest of its slot, which is closed; data mapped into it is a third. In a crowd
// every slot is opened whole, once, so that all slots together are one range, and
// wasmtime is told never to close any: compiled code then checks the bounds of
// each access itself and needs no closed range beyond them, and data is copied
// into a memory instead of mapped.

#include "shim.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 1 << 16, EACH = HY_MODULE_MEMORIES };

void hy_crowd_config(wasm_config_t *config) {
  wasmtime_config_signals_based_traps_set(config, false);
  wasmtime_config_memory_guard_size_set(config, 0);
  wasmtime_config_memory_init_cow_set(config, false);
}

// leb writes a number of 32 bits in WebAssembly's way, in 5 bytes.
static uint8_t *leb(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 5; i++, v >>= 7) *p++ = (uint8_t)((v & 0x7f) | (i < 4 ? 0x80 : 0));
  return p;
}

// opener writes a component of one module of EACH memories that begin with as many
// pages as they may have, and returns its length.
static size_t opener(uint8_t *out, uint32_t pages) {
  static const uint8_t component[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
  static const uint8_t module[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  static const uint8_t instantiate[] = {2, 4, 1, 0, 0, 0}; // a core instance of module 0
  const uint8_t memories = 1 + EACH * 6;
  uint8_t *p = out;
  memcpy(p, component, sizeof component);
  p += sizeof component;
  *p++ = 1; // a core module
  *p++ = (uint8_t)(sizeof module + 2 + memories);
  memcpy(p, module, sizeof module);
  p += sizeof module;
  *p++ = 5; // its memories
  *p++ = memories;
  *p++ = EACH;
  for (int i = 0; i < EACH; i++) {
    *p++ = 0; // without a maximum
    p = leb(p, pages);
  }
  memcpy(p, instantiate, sizeof instantiate);
  return (size_t)(p + sizeof instantiate - out);
}

bool hy_crowd_open(wasm_engine_t *engine, const hy_config *c) {
  uint8_t wasm[128];
  wasmtime_component_t *component = NULL;
  size_t len = opener(wasm, (uint32_t)(c->memory_bytes / PAGE));
  hy_buffer message = {0};
  hy_error_take(wasmtime_component_new(engine, wasm, len, &component), &message);
  bool ok = component;
  if (ok) {
    // All at once, so that each takes slots of its own; they are wiped as any are.
    wasmtime_component_linker_t *linker = wasmtime_component_linker_new(engine);
    wasmtime_store_t *store = wasmtime_store_new(engine, NULL, NULL);
    wasmtime_context_t *context = wasmtime_store_context(store);
    wasmtime_store_limiter(store, -1, -1, c->memories, -1, c->memories);
    for (uint32_t i = 0; ok && i < c->memories; i += EACH) {
      wasmtime_component_instance_t instance;
      wasmtime_error_t *err =
          wasmtime_component_linker_instantiate(linker, context, component, &instance);
      ok = !err;
      hy_error_take(err, &message);
    }
    wasmtime_store_delete(store);
    wasmtime_component_linker_delete(linker);
    wasmtime_component_delete(component);
  }
  free(message.data);
  return ok;
}
