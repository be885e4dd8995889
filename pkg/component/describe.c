// A component's imports and exports as a flat run of bytes, which describe.go
// reads. Numbers are 4 bytes, little-endian; a text is a number and its bytes.
//
//	component: number of imports, the imports, number of exports, the exports
//	item:      text name, byte WASMTIME_COMPONENT_ITEM_*, then
//	           an instance: number of exports, each an item
//	           a function: byte async, number of parameters, each a text and a
//	           type; byte whether it has a result, the type
//	           a resource: its number
//	           anything else: nothing
//	type:      byte kind (of values, so that Go's Kind serves), then its parts;
//	           an own or a borrow: the number of its resource;
//	           UNSUPPORTED, then byte WASMTIME_COMPONENT_VALTYPE_*
//
// Resources are numbered as they are first seen, from 0.

#include "shim.h"

enum { UNSUPPORTED = 23, DEPTH_MAX = 100, RESOURCES_MAX = 256 };

// A writer stops at the first failure: too long, too deep.
typedef struct {
  const wasm_engine_t *engine;
  hy_buffer *out;
  size_t max;
  int depth;
  bool failed;
  size_t resource_count;
  wasmtime_component_resource_type_t *resources[RESOURCES_MAX];
} writer;

static void put(writer *w, const void *data, size_t len) {
  if (w->failed || len > w->max - w->out->len)
    w->failed = true;
  else
    hy_append(w->out, data, len);
}

static void put_byte(writer *w, uint8_t v) { put(w, &v, 1); }

static void put_number(writer *w, size_t v) {
  uint32_t n = (uint32_t)v;
  if (v > UINT32_MAX) w->failed = true;
  put(w, &n, sizeof n);
}

static void put_text(writer *w, const char *s, size_t len) {
  put_number(w, len);
  put(w, s, len);
}

static void resource(writer *w, const wasmtime_component_resource_type_t *t) {
  size_t i = 0;
  while (i < w->resource_count && !wasmtime_component_resource_type_equal(w->resources[i], t)) i++;
  if (i == RESOURCES_MAX) {
    w->failed = true;
    return;
  }
  if (i == w->resource_count)
    w->resources[w->resource_count++] = wasmtime_component_resource_type_clone(t);
  put_number(w, i);
}

static void type(writer *w, const wasmtime_component_valtype_t *t);

static void take_type(writer *w, wasmtime_component_valtype_t *t) {
  type(w, t);
  wasmtime_component_valtype_delete(t);
}

static void maybe_type(writer *w, bool has, wasmtime_component_valtype_t *t) {
  put_byte(w, has);
  if (has) take_type(w, t);
}

static void record(writer *w, const wasmtime_component_record_type_t *t) {
  size_t n = wasmtime_component_record_type_field_count(t);
  put_number(w, n);
  for (size_t i = 0; i < n && !w->failed; i++) {
    const char *name;
    size_t len;
    wasmtime_component_valtype_t field;
    wasmtime_component_record_type_field_nth(t, i, &name, &len, &field);
    put_text(w, name, len);
    take_type(w, &field);
  }
}

static void tuple(writer *w, const wasmtime_component_tuple_type_t *t) {
  size_t n = wasmtime_component_tuple_type_types_count(t);
  put_number(w, n);
  for (size_t i = 0; i < n && !w->failed; i++) {
    wasmtime_component_valtype_t member;
    wasmtime_component_tuple_type_types_nth(t, i, &member);
    take_type(w, &member);
  }
}

static void variant(writer *w, const wasmtime_component_variant_type_t *t) {
  size_t n = wasmtime_component_variant_type_case_count(t);
  put_number(w, n);
  for (size_t i = 0; i < n && !w->failed; i++) {
    const char *name;
    size_t len;
    bool has;
    wasmtime_component_valtype_t payload;
    wasmtime_component_variant_type_case_nth(t, i, &name, &len, &has, &payload);
    put_text(w, name, len);
    maybe_type(w, has, &payload);
  }
}

// Enums and flags differ only in which functions give their names.
#define NAMES(what)                                                            \
  static void what##_names(writer *w, const wasmtime_component_##what##_type_t *t) { \
    size_t n = wasmtime_component_##what##_type_names_count(t);                \
    put_number(w, n);                                                          \
    for (size_t i = 0; i < n && !w->failed; i++) {                             \
      const char *name;                                                        \
      size_t len;                                                              \
      wasmtime_component_##what##_type_names_nth(t, i, &name, &len);           \
      put_text(w, name, len);                                                  \
    }                                                                          \
  }
NAMES(enum)
NAMES(flags)

static void result(writer *w, const wasmtime_component_result_type_t *t) {
  wasmtime_component_valtype_t side;
  maybe_type(w, wasmtime_component_result_type_ok(t, &side), &side);
  maybe_type(w, wasmtime_component_result_type_err(t, &side), &side);
}

static uint8_t kind_of(uint8_t valtype) {
  static const uint8_t kinds[] = {
      [WASMTIME_COMPONENT_VALTYPE_BOOL] = WASMTIME_COMPONENT_BOOL,
      [WASMTIME_COMPONENT_VALTYPE_S8] = WASMTIME_COMPONENT_S8,
      [WASMTIME_COMPONENT_VALTYPE_S16] = WASMTIME_COMPONENT_S16,
      [WASMTIME_COMPONENT_VALTYPE_S32] = WASMTIME_COMPONENT_S32,
      [WASMTIME_COMPONENT_VALTYPE_S64] = WASMTIME_COMPONENT_S64,
      [WASMTIME_COMPONENT_VALTYPE_U8] = WASMTIME_COMPONENT_U8,
      [WASMTIME_COMPONENT_VALTYPE_U16] = WASMTIME_COMPONENT_U16,
      [WASMTIME_COMPONENT_VALTYPE_U32] = WASMTIME_COMPONENT_U32,
      [WASMTIME_COMPONENT_VALTYPE_U64] = WASMTIME_COMPONENT_U64,
      [WASMTIME_COMPONENT_VALTYPE_F32] = WASMTIME_COMPONENT_F32,
      [WASMTIME_COMPONENT_VALTYPE_F64] = WASMTIME_COMPONENT_F64,
      [WASMTIME_COMPONENT_VALTYPE_CHAR] = WASMTIME_COMPONENT_CHAR,
      [WASMTIME_COMPONENT_VALTYPE_STRING] = WASMTIME_COMPONENT_STRING,
      [WASMTIME_COMPONENT_VALTYPE_LIST] = WASMTIME_COMPONENT_LIST,
      [WASMTIME_COMPONENT_VALTYPE_RECORD] = WASMTIME_COMPONENT_RECORD,
      [WASMTIME_COMPONENT_VALTYPE_TUPLE] = WASMTIME_COMPONENT_TUPLE,
      [WASMTIME_COMPONENT_VALTYPE_VARIANT] = WASMTIME_COMPONENT_VARIANT,
      [WASMTIME_COMPONENT_VALTYPE_ENUM] = WASMTIME_COMPONENT_ENUM,
      [WASMTIME_COMPONENT_VALTYPE_OPTION] = WASMTIME_COMPONENT_OPTION,
      [WASMTIME_COMPONENT_VALTYPE_RESULT] = WASMTIME_COMPONENT_RESULT,
      [WASMTIME_COMPONENT_VALTYPE_FLAGS] = WASMTIME_COMPONENT_FLAGS,
      [WASMTIME_COMPONENT_VALTYPE_OWN] = HY_OWN,
      [WASMTIME_COMPONENT_VALTYPE_BORROW] = HY_BORROW,
  };
  return valtype < sizeof kinds ? kinds[valtype] : UNSUPPORTED;
}

static void type(writer *w, const wasmtime_component_valtype_t *t) {
  if (++w->depth > DEPTH_MAX) w->failed = true;
  uint8_t kind = kind_of(t->kind);
  put_byte(w, kind);
  if (!w->failed) {
    wasmtime_component_valtype_t inner;
    switch (kind) {
    case WASMTIME_COMPONENT_LIST:
      wasmtime_component_list_type_element(t->of.list, &inner);
      take_type(w, &inner);
      break;
    case WASMTIME_COMPONENT_OPTION:
      wasmtime_component_option_type_ty(t->of.option, &inner);
      take_type(w, &inner);
      break;
    case WASMTIME_COMPONENT_RECORD:
      record(w, t->of.record);
      break;
    case WASMTIME_COMPONENT_TUPLE:
      tuple(w, t->of.tuple);
      break;
    case WASMTIME_COMPONENT_VARIANT:
      variant(w, t->of.variant);
      break;
    case WASMTIME_COMPONENT_ENUM:
      enum_names(w, t->of.enum_);
      break;
    case WASMTIME_COMPONENT_FLAGS:
      flags_names(w, t->of.flags);
      break;
    case WASMTIME_COMPONENT_RESULT:
      result(w, t->of.result);
      break;
    case HY_OWN:
      resource(w, t->of.own);
      break;
    case HY_BORROW:
      resource(w, t->of.borrow);
      break;
    case UNSUPPORTED:
      put_byte(w, t->kind);
    }
  }
  w->depth--;
}

static void func(writer *w, const wasmtime_component_func_type_t *f) {
  put_byte(w, wasmtime_component_func_type_async(f));
  size_t n = wasmtime_component_func_type_param_count(f);
  put_number(w, n);
  wasmtime_component_valtype_t t;
  for (size_t i = 0; i < n && !w->failed; i++) {
    const char *name;
    size_t len;
    wasmtime_component_func_type_param_nth(f, i, &name, &len, &t);
    put_text(w, name, len);
    take_type(w, &t);
  }
  maybe_type(w, wasmtime_component_func_type_result(f, &t), &t);
}

static void take_item(writer *w, const char *name, size_t len, wasmtime_component_item_t *item);

static void instance(writer *w, const wasmtime_component_instance_type_t *t) {
  if (++w->depth > DEPTH_MAX) w->failed = true;
  size_t n = wasmtime_component_instance_type_export_count(t, w->engine);
  put_number(w, n);
  for (size_t i = 0; i < n && !w->failed; i++) {
    const char *name;
    size_t len;
    wasmtime_component_item_t item;
    wasmtime_component_instance_type_export_nth(t, w->engine, i, &name, &len, &item);
    take_item(w, name, len, &item);
  }
  w->depth--;
}

static void take_item(writer *w, const char *name, size_t len, wasmtime_component_item_t *item) {
  put_text(w, name, len);
  put_byte(w, item->kind);
  if (item->kind == WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE)
    instance(w, item->of.component_instance);
  else if (item->kind == WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC)
    func(w, item->of.component_func);
  else if (item->kind == WASMTIME_COMPONENT_ITEM_RESOURCE)
    resource(w, item->of.resource);
  wasmtime_component_item_delete(item);
}

bool hy_describe(const wasmtime_component_t *component, const wasm_engine_t *engine,
                 hy_buffer *out, size_t max) {
  writer w = {.engine = engine, .out = out, .max = max};
  wasmtime_component_type_t *t = wasmtime_component_type(component);
  const char *name;
  size_t len;
  wasmtime_component_item_t item;
  size_t n = wasmtime_component_type_import_count(t, engine);
  put_number(&w, n);
  for (size_t i = 0; i < n && !w.failed; i++) {
    wasmtime_component_type_import_nth(t, engine, i, &name, &len, &item);
    take_item(&w, name, len, &item);
  }
  n = wasmtime_component_type_export_count(t, engine);
  put_number(&w, n);
  for (size_t i = 0; i < n && !w.failed; i++) {
    wasmtime_component_type_export_nth(t, engine, i, &name, &len, &item);
    take_item(&w, name, len, &item);
  }
  wasmtime_component_type_delete(t);
  for (size_t i = 0; i < w.resource_count; i++)
    wasmtime_component_resource_type_delete(w.resources[i]);
  return !w.failed;
}
