#include "allocations.h"

#include <stddef.h>

#if defined(__linux__) && defined(__GLIBC__)
static __thread uint64_t count;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

// Takes the place of the C library's, for the Swift runtime too.
void *malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}
void *calloc(size_t n, size_t size) {
  count++;
  return __libc_calloc(n, size);
}
void *realloc(void *old, size_t size) {
  count++;
  return __libc_realloc(old, size);
}

uint64_t maxai_allocation_count(void) { return count; }
#else
uint64_t maxai_allocation_count(void) { return 0; }
#endif
