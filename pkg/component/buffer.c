// Buffers, and the frames that hold them.

#include "shim.h"

#ifdef __linux__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

void hy_reserve(hy_buffer *b, size_t cap) {
  if (cap <= b->cap) return;
  size_t grown = b->cap * 2 > cap ? b->cap * 2 : cap;
  uint8_t *p = realloc(b->data, grown);
  if (!p) abort(); // as wasmtime itself does
  b->data = p;
  b->cap = grown;
}

void hy_append(hy_buffer *b, const void *data, size_t len) {
  if (!len) return;
  hy_reserve(b, b->len + len);
  memcpy(b->data + b->len, data, len);
  b->len += len;
}

// The many small values of a large list leave a heap in pieces, which glibc keeps:
// by as much as 400 MB for each thread's arena. malloc_trim gives back the pieces,
// but of the arenas of other threads not the end; that is given back as it is
// freed, from a size on that grows with what was freed before, unless it is set.
enum { TRIM_THRESHOLD = 128 << 10 }; // as it is at first

void hy_settle_ends(void) {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD);
#endif
}

void hy_settle(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

enum { KEEP = 64 << 10 };

hy_frame *hy_frame_new(void *caller) {
  hy_frame *f = calloc(1, sizeof *f);
  if (!f) abort();
  f->fresh = calloc(1, sizeof *f->fresh + sizeof f->fresh->funcs[0]);
  if (!f->fresh) abort();
  f->caller = caller;
  hy_reserve(&f->out, 4096);
  hy_reserve(&f->in, 4096);
  hy_reserve(&f->arena, 4096);
  return f;
}

static void trim(hy_buffer *b) {
  b->len = 0;
  if (b->cap <= KEEP) return;
  free(b->data);
  *b = (hy_buffer){0};
}

void hy_frame_trim(hy_frame *f) {
  trim(&f->out);
  trim(&f->in);
  trim(&f->arena);
  trim(&f->far);
  trim(&f->loans);
  trim(&f->message);
}

void hy_frame_delete(hy_frame *f) {
  free(f->out.data);
  free(f->in.data);
  free(f->arena.data);
  free(f->far.data);
  free(f->fresh);
  free(f->loans.data);
  free(f->message.data);
  free(f);
}
