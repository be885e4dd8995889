// The C half of this package. Go calls into it once for each call of a guest;
// it calls back once for each host function that the guest calls. It keeps
// integers that stand for Go values, never pointers to them.

#ifndef HYGIA_SHIM_H
#define HYGIA_SHIM_H

#include "abi.h"

// What a function of this header returns, and what hy_frame.status holds.
enum {
  HY_OK = 0,
  HY_FAILED,     // wasmtime said why: hy_frame.message
  HY_EXITED,     // the guest ended its process: hy_frame.exit_status
  HY_STOPPED,    // hy_frame.stop was seen
  HY_HOST,       // a host function failed; Go knows why
  HY_HOST_VALUE, // a host function's results do not have its type
  HY_VALUE,      // the arguments do not have the function's type
  HY_HEAVY,      // the arguments are more than HY_VALUES_MAX bytes as wasmtime's values
  HY_HOST_HEAVY, // so are a host function's results
  HY_RESULT,     // results, or a host function's arguments, above hy_frame.out_max
  HY_HOST_CALLS, // more host calls than allowed
  HY_NO_EXPORT,  // the function is not there
  HY_FOLDER,     // a folder could not be opened
  HY_MISMATCH,   // wasmtime gave a value of another type than it declared
  HY_INSIDE,     // the guest called the host where it must not
  HY_LANE,       // what the guest gave for text or a list is none: hy_frame.message
  HY_RESOURCES,  // more handles of the guest's resources than allowed
};

// The kinds of types that Go tells apart and wasmtime's values do not.
#define HY_OWN 21
#define HY_BORROW 22
#define HY_BYTES 30 // a list<u8>, which has an encoding of its own
#define HY_LANE_BYTES 31 // the same, a string, and any other list, in the lane: a pair of
#define HY_LANE_TEXT 32  // numbers to wasmtime; there a record is a
#define HY_LANE_LIST 33  // WASMTIME_COMPONENT_TUPLE

// Added to the tag of text or bytes that lie elsewhere: see codec.go.
#define HY_FAR 0x80
enum { HY_FAR_MIN = 16 << 10 };

// A run of bytes in a guest's memory.
typedef struct hy_far {
  const uint8_t *data;
  size_t len;
} hy_far;

// A type of values: a mirror of Go's Type. Immutable once built.
typedef struct hy_type {
  uint8_t kind;      // WASMTIME_COMPONENT_*, or one of those above
  bool guest;        // of own and borrow: the guest's resource, not the host's
  uint32_t resource; // of own and borrow: Go's number of the resource type
  uint32_t count;
  uint32_t size, align; // of a value in a guest's memory, in bytes: see layout.go
  uint32_t number;      // of cases: bytes that say which
  uint32_t payload;     // of cases: where what they carry begins
  uint32_t flat;        // core WebAssembly's numbers that a value is, up to HY_FLAT_MAX + 1
  const struct hy_type **elems; // NULL, or count of them; NULL entries have no payload
  const wasm_name_t *labels;    // NULL, or count of them
} hy_type;

typedef struct hy_signature {
  uint32_t count;
  const hy_type **params;
  const hy_type *result; // NULL for none
} hy_signature;

typedef struct hy_buffer {
  uint8_t *data;
  size_t len, cap;
} hy_buffer;

// A pointer to a value of C's own that Go passes as a number: cgo looks behind
// every pointer that it passes, which takes longer than some calls' own share.
typedef uintptr_t hy_ref;

// One call at a time runs in a frame. Go owns it and reuses it.
typedef struct hy_frame {
  void *caller;      // what hygiaHostCall gets
  uint32_t stop;     // atomic: Go sets it to stop the guest
  uint32_t status;   // why the guest was ended from outside, HY_OK if it was not
  uint32_t calls;    // host calls that are left; any thread may read it
  uint32_t in_host;  // whether it is inside a host function; any thread may read it
  uint32_t yields;   // atomic: Go sets it while calls of the same flow wait
  uint32_t started;  // whether instantiation was over
  uint32_t import;   // the last that the guest called
  uint64_t fuel;     // what is left of the program's
  bool measured;     // whether Go wants to know memory also where the call goes well
  size_t memory;     // that the guest had, as far as known: see hy_lane_memory
  uint64_t asked[2]; // pages and elements that it was refused, of a call that failed
  size_t lifted;     // items of lists and tuples that the call brought to the host
  size_t out_max;    // bound of out
  hy_buffer out;     // from the guest: results, or a host function's arguments
  hy_buffer in;      // to the guest: a host function's results
  hy_buffer far;     // each a hy_far: what out refers to
  size_t far_bytes;  // which are so many
  hy_buffer arena;   // arguments as wasmtime wants them
  hy_buffer loans;   // resources among them: see resource.c
  hy_buffer message; // wasmtime's error
  int exit_status;
  struct hy_instance *fresh; // what hy_run runs
  struct hy_instance *held;  // whose memory far lies in, until hy_release
} hy_frame;

// The type of a core function, of WASM_*.
typedef struct hy_core {
  uint32_t count;
  const uint8_t *params;
  const uint8_t *result; // NULL for none
} hy_core;

// Where a core instance's export is: see lane.c.
typedef struct hy_place {
  wasm_name_t name;
  size_t found;  // atomic: the instance's number, or one below it
  hy_core type;  // of a function
  uint32_t fits; // atomic: it was seen to have that type
} hy_place;

// So many numbers may be a function's arguments; more lie in memory.
enum { HY_FLAT_MAX = 16 };

typedef struct hy_func {
  hy_signature sig;
  wasmtime_component_export_index_t *index;
  bool direct;   // it is called as the core function that it is lifted from
  bool finish;   // the guest is told when its result was read: see lane.c
  hy_place call; // of a direct one: that core function,
  hy_place post; // the one that is told,
  bool spilled;  // and whether its arguments lie in memory,
  uint32_t size, align; // as so many bytes
} hy_func;

typedef struct hy_import {
  hy_signature sig;
  uint32_t index; // Go's
  hy_place room;  // what gives room for the result
} hy_import;

// A function or a resource type that a linker is given.
typedef struct hy_item {
  wasm_name_t name;
  hy_import *func;   // NULL for a resource
  uint32_t resource; // Go's number
} hy_item;

typedef struct hy_folder {
  char *host, *guest;
  bool read_only;
} hy_folder;

// The component that makes timers: see wasi.c.
typedef struct hy_waiter {
  wasmtime_component_t *component;
  wasmtime_component_linker_t *linker;
  wasmtime_component_export_index_t *subscribe;
} hy_waiter;

// A component with all that it imports. Immutable once linked.
typedef struct hy_program {
  wasm_engine_t *engine;
  wasmtime_component_t *component;
  wasmtime_component_linker_t *linker;
  hy_func *funcs;
  uint32_t func_count;
  hy_folder *folders;
  uint32_t folder_count;
  bool wasi;
  hy_waiter waiter; // with wasi only
  uintptr_t output; // what hygiaOutput gets; 0 discards output
  hy_place memory, room, finish; // with the lane only
  wasm_name_t asked[2];          // what tells what was refused: see internal/chunk
  uint32_t core_instances;       // with the lane only: that the component has
  uint32_t resources_max; // handles of the guest's that the host may own
  int64_t memory_bytes, table_elements, instances, memories, tables;
  uint64_t fuel; // that a call may burn; 0 where the engine does not count it
} hy_program;

typedef struct hy_instance hy_instance;

typedef struct hy_config {
  uint32_t instances, core_instances, memories, tables;
  uint64_t memory_bytes, memory_reservation;
  size_t table_elements, stack_bytes;
  size_t keep_bytes;      // of each memory and table of an instance that ended
  uint32_t keep_memories; // how many that serve no instance are kept, where any are
  bool fuel, crowd; // crowd: see crowd.c
} hy_config;

enum { HY_MODULE_MEMORIES = 4 }; // the most that a core module may have

void hy_crowd_config(wasm_config_t *);
// hy_crowd_open opens the slots of all memories. It returns false when it cannot.
bool hy_crowd_open(wasm_engine_t *, const hy_config *);

// hy_engine_new returns an engine, or NULL when memory cannot be reserved.
wasm_engine_t *hy_engine_new(const hy_config *);

// hy_thread_stack returns how many bytes of stack a new thread gets, or 0.
size_t hy_thread_stack(void);

// hy_compile compiles a component. On failure it returns NULL and fills message.
wasmtime_component_t *hy_compile(const wasm_engine_t *, const uint8_t *, size_t, hy_buffer *message);

// hy_serialize appends a component's compiled form. On failure it returns false and
// fills message.
bool hy_serialize(const wasmtime_component_t *, hy_buffer *, hy_buffer *message);

// hy_deserialize makes a component of what hy_serialize appended, and believes it.
wasmtime_component_t *hy_deserialize(const wasm_engine_t *, const uint8_t *, size_t, hy_buffer *message);

// hy_describe appends the imports and exports of a component: see describe.c.
// It returns false when the description would be longer than max.
bool hy_describe(const wasmtime_component_t *, const wasm_engine_t *, hy_buffer *, size_t max);

// hy_link_* fill a linker. On failure they return false and fill message. iface
// may be empty: then the items are the world's own.
bool hy_link_wasi(hy_program *, hy_buffer *message);
bool hy_link_items(wasmtime_component_linker_t *, const char *iface, size_t iface_len,
                   const hy_item *, size_t count, hy_buffer *message);

// hy_export finds an exported function, or returns NULL.
wasmtime_component_export_index_t *hy_export(const wasmtime_component_t *, const char *iface,
                                             size_t iface_len, const char *name, size_t name_len);

void hy_program_delete(hy_program *);

// hy_run makes an instance, calls its function and drops it. The arguments are
// encoded as codec.go says; so is what it leaves in frame->out.
int hy_run(hy_ref frame, hy_ref program, uint32_t func, const uint8_t *args, size_t len);

// hy_release ends what a call that went well left in frame->held: a fresh instance,
// or a live one's result. Only then may the frame be used again.
int hy_release(hy_ref frame);

// hy_instance_new makes an instance that lives until hy_instance_delete.
int hy_instance_new(hy_frame *, const hy_program *, hy_instance **);
int hy_instance_call(hy_ref frame, hy_ref instance, uint32_t func, const uint8_t *args, size_t len);
// hy_instance_drop drops a handle of the guest's, whose destructor it runs.
int hy_instance_drop(hy_frame *, hy_instance *, uint32_t slot);
void hy_instance_delete(hy_instance *);

hy_frame *hy_frame_new(void *caller);
void hy_frame_delete(hy_frame *);

// hy_settle_ends has the C library give back the ends of its heaps as they are freed.
void hy_settle_ends(void);

// hy_settle gives what the C library keeps of freed memory back to the system.
void hy_settle(void);

// hy_frame_trim gives back what an unusually large call left behind.
void hy_frame_trim(hy_frame *);

// Inside C.

// hy_over tells whether a call's time is over. A guest asks at its epoch checks; what
// this package does on its behalf with many items or bytes must ask by itself.
static inline bool hy_over(const hy_frame *f) {
  return __atomic_load_n(&f->stop, __ATOMIC_ACQUIRE);
}

enum { HY_PIECE = 256 << 10 }; // so many bytes are dealt with in a fraction of a tick

// A function of an instance, once looked up; else all zero.
typedef struct hy_found {
  wasmtime_component_func_t func;
  wasmtime_func_t call, post; // of a direct one
} hy_found;

// An instance and its store. While a call runs, frame is the call's.
struct hy_instance {
  const hy_program *program;
  wasmtime_store_t *store;
  wasmtime_context_t *context;
  wasmtime_component_instance_t instance;
  hy_frame *frame;
  wasmtime_memory_t memory;    // in the lane; each of these is zero until looked up
  wasmtime_func_t room;        // what gives room, of room_for
  const hy_place *room_for;
  hy_place *place;             // which to take now
  wasmtime_func_t finish;
  bool finish_found;
  const hy_func *called; // the function whose result is to be read,
  hy_found *caller;      // where it was found,
  wasmtime_val_raw_t result; // and its result, where it is direct
  bool inside;        // in a function of the guest that must not call the host
  hy_buffer handles;  // of the guest's resources: see resource.c
  uint32_t free_from; // no slot before it is free
  uint64_t born;                    // with wasi: when its clock was zero
  wasmtime_component_func_t waiter; // with wasi: makes timers
  hy_found funcs[]; // the program's; of a fresh one only that which is called
};

// hy_grant gives a store its program's folders, and makes its waiter.
int hy_grant(hy_instance *);
void hy_waiter_delete(hy_waiter *);

void hy_reserve(hy_buffer *, size_t cap);
void hy_append(hy_buffer *, const void *, size_t);
void hy_error_take(wasmtime_error_t *, hy_buffer *message);

void hy_frame_enter(hy_frame *, hy_instance *);
void hy_frame_exit(hy_frame *, hy_instance *);
int hy_failed(hy_frame *, wasmtime_error_t *);
int hy_trapped(hy_frame *, wasm_trap_t *);

// How many bytes of wasmtime's values may go into a guest at once: as many as
// wasmtime lets out.
enum { HY_VALUES_MAX = 128 << 20 };

// hy_check walks encoded values of the types and adds what hy_borrow will need
// of arena bytes. It returns false unless they are exactly values of the types, and
// where the call's time is over.
bool hy_check(const hy_instance *, const hy_type *const *, size_t count, const uint8_t *,
              size_t len, size_t *arena);
// hy_borrow builds values that hy_check accepted. They point into the arena, the
// types and the bytes, and wasmtime only reads them. It returns HY_OK, HY_STOPPED,
// HY_MISMATCH when wasmtime refuses a resource, or what the lane does.
int hy_borrow(hy_instance *, const hy_type *const *, size_t count, const uint8_t *, size_t len,
               uint8_t *arena, wasmtime_component_val_t *);
// hy_own builds a value that hy_check accepted, which wasmtime takes over.
int hy_own(hy_instance *, const hy_type *, const uint8_t *, size_t len,
            wasmtime_component_val_t *);
// hy_lift appends a value to the frame's out. It returns HY_OK, HY_RESULT,
// HY_RESOURCES, HY_LANE, HY_MISMATCH or HY_STOPPED.
int hy_lift(hy_instance *, const hy_type *, const wasmtime_component_val_t *);

// hy_load does the same with a value that lies in the guest's memory, and
// hy_load_number with one that is a number.
int hy_load(hy_instance *, const hy_type *, uint32_t address);
int hy_load_number(hy_instance *, const hy_type *, uint64_t);

// hy_store puts arguments that hy_check accepted into the guest, and what they are as
// numbers into vals, of which there are HY_FLAT_MAX. It returns what the lane does.
int hy_store(hy_instance *, const hy_func *, const uint8_t *, size_t len, wasmtime_val_raw_t *vals);

// The lane: see lane.c. These return HY_OK, HY_LANE, HY_STOPPED, or why the guest was ended.
// hy_lane_view gives a run of the guest's bytes, which lie there until the guest
// runs again, at a multiple of align; hy_lane_text one that is UTF-8.
int hy_lane_view(hy_instance *, uint32_t address, uint64_t len, uint32_t align, const uint8_t **);
int hy_lane_text(hy_instance *, uint32_t address, uint32_t len, const uint8_t **);
// hy_lane_memory is how large the memory is that values have crossed by, in bytes, which
// never shrinks; 0 where none has.
size_t hy_lane_memory(const hy_instance *);
// hy_lane_asked notes what the guest was refused, if that is known.
void hy_lane_asked(hy_instance *);
// hy_lane_refuse ends a call for what the guest did.
int hy_lane_refuse(hy_instance *, const char *why);
// hy_lane_room asks inst->place for room. What it gives as data is there until the
// guest runs again.
int hy_lane_room(hy_instance *, uint64_t size, uint32_t align, uint32_t *address, uint8_t **data);
// hy_lane_fill copies bytes into such room.
int hy_lane_fill(hy_instance *, uint8_t *to, const uint8_t *from, size_t len);
// hy_lane_call calls a direct function.
int hy_lane_call(hy_instance *, const hy_func *, hy_found *, const uint8_t *, size_t len);
// hy_lane_finish lets a live instance take the result of inst->called back.
int hy_lane_finish(hy_instance *);
// hy_utf8 reports whether bytes are UTF-8. It looks at up to width of them at once.
bool hy_utf8(const uint8_t *, size_t, size_t width);
enum { HY_WIDEST = 64 };

// Resources: see resource.c.
bool hy_resource_check(const hy_instance *, const hy_type *, uint64_t word);
bool hy_resource_lend(hy_instance *, const hy_type *, uint64_t word, wasmtime_component_val_t *);
bool hy_resource_own(hy_instance *, const hy_type *, uint64_t word, wasmtime_component_val_t *);
int hy_resource_lift(hy_instance *, const hy_type *, const wasmtime_component_resource_any_t *,
                     uint64_t *word);
void hy_resources_settle(hy_instance *, bool arrived);
void hy_resources_delete(hy_instance *);

#endif
