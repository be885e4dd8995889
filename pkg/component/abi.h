// The functions of wasmtime's C API that this package uses. See abi_types.h.

#ifndef HYGIA_ABI_H
#define HYGIA_ABI_H

#include "abi_types.h"

// What the two engines that may be linked declare otherwise goes by this macro.
#ifdef HYGIA_LTS
#define HYGIA_SHARED const
#else
#define HYGIA_SHARED
#endif

typedef struct wasm_config_t wasm_config_t;
typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasmtime_error wasmtime_error_t;
typedef struct wasmtime_store wasmtime_store_t;
typedef struct wasmtime_context wasmtime_context_t;
typedef struct wasmtime_caller wasmtime_caller_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasm_functype_t wasm_functype_t;
typedef struct wasmtime_component_t wasmtime_component_t;
typedef struct wasmtime_component_export_index_t wasmtime_component_export_index_t;
typedef struct wasmtime_component_linker_t wasmtime_component_linker_t;
typedef struct wasmtime_component_linker_instance_t wasmtime_component_linker_instance_t;
typedef struct wasmtime_pooling_allocation_config_t wasmtime_pooling_allocation_config_t;
typedef struct wasi_config_t wasi_config_t;

// Bytes and errors.

void wasm_byte_vec_new(wasm_byte_vec_t *, size_t, char const[]);
void wasm_byte_vec_delete(wasm_byte_vec_t *);
wasmtime_error_t *wasmtime_error_new(const char *);
void wasmtime_error_delete(wasmtime_error_t *);
void wasmtime_error_message(const wasmtime_error_t *, wasm_name_t *);
bool wasmtime_error_exit_status(const wasmtime_error_t *, int *);

// The engine and its configuration.

wasm_config_t *wasm_config_new(void);
wasm_engine_t *wasm_engine_new_with_config(wasm_config_t *);
void wasm_engine_delete(wasm_engine_t *);
wasm_engine_t *wasmtime_engine_clone(HYGIA_SHARED wasm_engine_t *);
void wasmtime_engine_increment_epoch(HYGIA_SHARED wasm_engine_t *);
void wasmtime_config_consume_fuel_set(wasm_config_t *, bool);
void wasmtime_config_epoch_interruption_set(wasm_config_t *, bool);
void wasmtime_config_max_wasm_stack_set(wasm_config_t *, size_t);
void wasmtime_config_wasm_exceptions_set(wasm_config_t *, bool);
void wasmtime_config_wasm_gc_set(wasm_config_t *, bool);
void wasmtime_config_wasm_threads_set(wasm_config_t *, bool);
void wasmtime_config_shared_memory_set(wasm_config_t *, bool);
void wasmtime_config_wasm_component_model_set(wasm_config_t *, bool);
void wasmtime_config_concurrency_support_set(wasm_config_t *, bool);
void wasmtime_config_memory_reservation_set(wasm_config_t *, uint64_t);
void wasmtime_config_memory_guard_size_set(wasm_config_t *, uint64_t);
void wasmtime_config_memory_init_cow_set(wasm_config_t *, bool);
void wasmtime_config_signals_based_traps_set(wasm_config_t *, bool);
wasmtime_pooling_allocation_config_t *wasmtime_pooling_allocation_config_new();
void wasmtime_pooling_allocation_config_delete(wasmtime_pooling_allocation_config_t *);
void wasmtime_pooling_allocation_config_total_component_instances_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_total_core_instances_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_total_memories_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_total_tables_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_total_gc_heaps_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_total_stacks_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_max_memory_size_set(
    wasmtime_pooling_allocation_config_t *, size_t);
void wasmtime_pooling_allocation_config_max_unused_warm_slots_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(
    wasmtime_pooling_allocation_config_t *, size_t);
void wasmtime_pooling_allocation_config_table_keep_resident_set(
    wasmtime_pooling_allocation_config_t *, size_t);
void wasmtime_pooling_allocation_config_table_elements_set(
    wasmtime_pooling_allocation_config_t *, size_t);
void wasmtime_pooling_allocation_config_max_memories_per_module_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_config_max_tables_per_module_set(
    wasmtime_pooling_allocation_config_t *, uint32_t);
void wasmtime_pooling_allocation_strategy_set(
    wasm_config_t *, const wasmtime_pooling_allocation_config_t *);

// Stores.

wasmtime_store_t *wasmtime_store_new(wasm_engine_t *, void *, void (*)(void *));
void wasmtime_store_delete(wasmtime_store_t *);
wasmtime_context_t *wasmtime_store_context(wasmtime_store_t *);
void wasmtime_store_limiter(wasmtime_store_t *, int64_t, int64_t, int64_t, int64_t, int64_t);
void *wasmtime_context_get_data(const wasmtime_context_t *);
wasmtime_error_t *wasmtime_context_set_fuel(wasmtime_context_t *, uint64_t);
wasmtime_error_t *wasmtime_context_get_fuel(const wasmtime_context_t *, uint64_t *);
void wasmtime_context_set_epoch_deadline(wasmtime_context_t *, uint64_t);
void wasmtime_store_epoch_deadline_callback(
    wasmtime_store_t *,
    wasmtime_error_t *(*)(wasmtime_context_t *, void *, uint64_t *,
                          wasmtime_update_deadline_kind_t *),
    void *, void (*)(void *));
wasmtime_error_t *wasmtime_context_set_wasi(wasmtime_context_t *, wasi_config_t *);

// Core instances.

bool wasmtime_instance_export_get(wasmtime_context_t *, const wasmtime_instance_t *, const char *,
                                  size_t, wasmtime_extern_t *);
void wasmtime_global_get(wasmtime_context_t *, const wasmtime_global_t *, wasmtime_val_t *);
#ifdef HYGIA_LTS
uint8_t *wasmtime_memory_data(wasmtime_context_t *, const wasmtime_memory_t *);
#else
uint8_t *wasmtime_memory_data(const wasmtime_context_t *, const wasmtime_memory_t *);
#endif
size_t wasmtime_memory_data_size(const wasmtime_context_t *, const wasmtime_memory_t *);
wasmtime_error_t *wasmtime_func_call_unchecked(wasmtime_context_t *, const wasmtime_func_t *,
                                               wasmtime_val_raw_t *, size_t, wasm_trap_t **);
void wasmtime_func_new_unchecked(wasmtime_context_t *, const wasm_functype_t *,
                                 wasm_trap_t *(*)(void *, wasmtime_caller_t *, wasmtime_val_raw_t *,
                                                  size_t),
                                 void *, void (*)(void *), wasmtime_func_t *);
void wasm_valtype_vec_new_empty(wasm_valtype_vec_t *);
wasm_functype_t *wasm_functype_new(wasm_valtype_vec_t *, wasm_valtype_vec_t *);
void wasm_functype_delete(wasm_functype_t *);
const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *);
const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *);
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *);
wasm_functype_t *wasmtime_func_type(const wasmtime_context_t *, const wasmtime_func_t *);
void wasm_trap_message(const wasm_trap_t *, wasm_byte_vec_t *);
void wasm_trap_delete(wasm_trap_t *);

// Components, linkers, instances and calls.

wasmtime_error_t *wasmtime_component_new(const wasm_engine_t *, const uint8_t *, size_t,
                                         wasmtime_component_t **);
wasmtime_error_t *wasmtime_component_serialize(const wasmtime_component_t *, wasm_byte_vec_t *);
wasmtime_error_t *wasmtime_component_deserialize(const wasm_engine_t *, const uint8_t *, size_t,
                                                 wasmtime_component_t **);
wasmtime_component_t *wasmtime_component_clone(const wasmtime_component_t *);
void wasmtime_component_delete(wasmtime_component_t *);
wasmtime_component_type_t *wasmtime_component_type(const wasmtime_component_t *);
wasmtime_component_export_index_t *wasmtime_component_get_export_index(
    const wasmtime_component_t *, const wasmtime_component_export_index_t *, const char *, size_t);
void wasmtime_component_export_index_delete(wasmtime_component_export_index_t *);
wasmtime_component_linker_t *wasmtime_component_linker_new(const wasm_engine_t *);
void wasmtime_component_linker_delete(wasmtime_component_linker_t *);
wasmtime_component_linker_instance_t *wasmtime_component_linker_root(wasmtime_component_linker_t *);
void wasmtime_component_linker_allow_shadowing(wasmtime_component_linker_t *, bool);
wasmtime_error_t *wasmtime_component_linker_add_wasip2(wasmtime_component_linker_t *);
wasmtime_error_t *wasmtime_component_linker_instance_add_instance(
    wasmtime_component_linker_instance_t *, const char *, size_t,
    wasmtime_component_linker_instance_t **);
wasmtime_error_t *wasmtime_component_linker_instance_add_func(
    wasmtime_component_linker_instance_t *, const char *, size_t,
    wasmtime_error_t *(*)(void *, wasmtime_context_t *, const wasmtime_component_func_type_t *,
                          wasmtime_component_val_t *, size_t, wasmtime_component_val_t *, size_t),
    void *, void (*)(void *));
wasmtime_error_t *wasmtime_component_linker_instance_add_resource(
    wasmtime_component_linker_instance_t *, const char *, size_t,
    const wasmtime_component_resource_type_t *,
    wasmtime_error_t *(*)(void *, wasmtime_context_t *, uint32_t), void *, void (*)(void *));
void wasmtime_component_linker_instance_delete(wasmtime_component_linker_instance_t *);
wasmtime_error_t *wasmtime_component_linker_instantiate(const wasmtime_component_linker_t *,
                                                        wasmtime_context_t *,
                                                        const wasmtime_component_t *,
                                                        wasmtime_component_instance_t *);
bool wasmtime_component_instance_get_func(const wasmtime_component_instance_t *,
                                          wasmtime_context_t *,
                                          const wasmtime_component_export_index_t *,
                                          wasmtime_component_func_t *);
wasmtime_error_t *wasmtime_component_func_call(const wasmtime_component_func_t *,
                                               wasmtime_context_t *,
                                               const wasmtime_component_val_t *, size_t,
                                               wasmtime_component_val_t *, size_t);

// Values that wasmtime takes over.

wasmtime_component_val_t *wasmtime_component_val_new(wasmtime_component_val_t *);
void wasmtime_component_val_delete(wasmtime_component_val_t *);
void wasmtime_component_vallist_new_uninit(wasmtime_component_vallist_t *, size_t);
void wasmtime_component_valrecord_new_uninit(wasmtime_component_valrecord_t *, size_t);
void wasmtime_component_valtuple_new_uninit(wasmtime_component_valtuple_t *, size_t);
void wasmtime_component_valflags_new_uninit(wasmtime_component_valflags_t *, size_t);

// Resources.

wasmtime_component_resource_type_t *wasmtime_component_resource_type_new_host(uint32_t);
wasmtime_component_resource_type_t *wasmtime_component_resource_type_clone(
    const wasmtime_component_resource_type_t *);
bool wasmtime_component_resource_type_equal(const wasmtime_component_resource_type_t *,
                                            const wasmtime_component_resource_type_t *);
void wasmtime_component_resource_type_delete(wasmtime_component_resource_type_t *);
wasmtime_component_resource_any_t *wasmtime_component_resource_any_clone(
    const wasmtime_component_resource_any_t *);
wasmtime_error_t *wasmtime_component_resource_any_drop(wasmtime_context_t *,
                                                       const wasmtime_component_resource_any_t *);
void wasmtime_component_resource_any_delete(wasmtime_component_resource_any_t *);
wasmtime_error_t *wasmtime_component_resource_any_to_host(wasmtime_context_t *,
                                                          const wasmtime_component_resource_any_t *,
                                                          wasmtime_component_resource_host_t **);
wasmtime_component_resource_host_t *wasmtime_component_resource_host_new(bool, uint32_t, uint32_t);
uint32_t wasmtime_component_resource_host_rep(const wasmtime_component_resource_host_t *);
uint32_t wasmtime_component_resource_host_type(const wasmtime_component_resource_host_t *);
void wasmtime_component_resource_host_delete(wasmtime_component_resource_host_t *);
wasmtime_error_t *wasmtime_component_resource_host_to_any(wasmtime_context_t *,
                                                          const wasmtime_component_resource_host_t *,
                                                          wasmtime_component_resource_any_t **);

// Types.

void wasmtime_component_type_delete(wasmtime_component_type_t *);
size_t wasmtime_component_type_import_count(const wasmtime_component_type_t *,
                                            const wasm_engine_t *);
bool wasmtime_component_type_import_nth(const wasmtime_component_type_t *, const wasm_engine_t *,
                                        size_t, const char **, size_t *,
                                        wasmtime_component_item_t *);
size_t wasmtime_component_type_export_count(const wasmtime_component_type_t *,
                                            const wasm_engine_t *);
bool wasmtime_component_type_export_nth(const wasmtime_component_type_t *, const wasm_engine_t *,
                                        size_t, const char **, size_t *,
                                        wasmtime_component_item_t *);
size_t wasmtime_component_instance_type_export_count(const wasmtime_component_instance_type_t *,
                                                     const wasm_engine_t *);
bool wasmtime_component_instance_type_export_nth(const wasmtime_component_instance_type_t *,
                                                 const wasm_engine_t *, size_t, const char **,
                                                 size_t *, wasmtime_component_item_t *);
void wasmtime_component_item_delete(wasmtime_component_item_t *);
bool wasmtime_component_func_type_async(const wasmtime_component_func_type_t *);
size_t wasmtime_component_func_type_param_count(const wasmtime_component_func_type_t *);
bool wasmtime_component_func_type_param_nth(const wasmtime_component_func_type_t *, size_t,
                                            const char **, size_t *,
                                            wasmtime_component_valtype_t *);
bool wasmtime_component_func_type_result(const wasmtime_component_func_type_t *,
                                         wasmtime_component_valtype_t *);
void wasmtime_component_valtype_delete(wasmtime_component_valtype_t *);
void wasmtime_component_list_type_element(const wasmtime_component_list_type_t *,
                                          wasmtime_component_valtype_t *);
void wasmtime_component_option_type_ty(const wasmtime_component_option_type_t *,
                                       wasmtime_component_valtype_t *);
size_t wasmtime_component_record_type_field_count(const wasmtime_component_record_type_t *);
bool wasmtime_component_record_type_field_nth(const wasmtime_component_record_type_t *, size_t,
                                              const char **, size_t *,
                                              wasmtime_component_valtype_t *);
size_t wasmtime_component_tuple_type_types_count(const wasmtime_component_tuple_type_t *);
bool wasmtime_component_tuple_type_types_nth(const wasmtime_component_tuple_type_t *, size_t,
                                             wasmtime_component_valtype_t *);
size_t wasmtime_component_variant_type_case_count(const wasmtime_component_variant_type_t *);
bool wasmtime_component_variant_type_case_nth(const wasmtime_component_variant_type_t *, size_t,
                                              const char **, size_t *, bool *,
                                              wasmtime_component_valtype_t *);
size_t wasmtime_component_enum_type_names_count(const wasmtime_component_enum_type_t *);
bool wasmtime_component_enum_type_names_nth(const wasmtime_component_enum_type_t *, size_t,
                                            const char **, size_t *);
size_t wasmtime_component_flags_type_names_count(const wasmtime_component_flags_type_t *);
bool wasmtime_component_flags_type_names_nth(const wasmtime_component_flags_type_t *, size_t,
                                             const char **, size_t *);
bool wasmtime_component_result_type_ok(const wasmtime_component_result_type_t *,
                                       wasmtime_component_valtype_t *);
bool wasmtime_component_result_type_err(const wasmtime_component_result_type_t *,
                                        wasmtime_component_valtype_t *);

// Folders and output.

wasi_config_t *wasi_config_new();
void wasi_config_delete(wasi_config_t *);
#ifdef HYGIA_LTS
bool wasi_config_preopen_dir(wasi_config_t *, const char *, const char *, bool);
#else
bool wasi_config_preopen_dir(wasi_config_t *, const char *, const char *, size_t, size_t);
#endif
void wasi_config_set_stdout_custom(wasi_config_t *,
                                   ptrdiff_t (*)(void *, const unsigned char *, size_t), void *,
                                   void (*)(void *));
void wasi_config_set_stderr_custom(wasi_config_t *,
                                   ptrdiff_t (*)(void *, const unsigned char *, size_t), void *,
                                   void (*)(void *));

#endif
