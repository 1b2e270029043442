/**
 * malloc as programs made for glibc know it: its smallest block has room for 24 bytes. Nightcore's users allocate the size of a
 * pointer where they mean the size of what it points to, and get away with it. Linked in by --wrap=malloc and --wrap=calloc.
 */
#include <stddef.h>

#define SMALLEST_BYTES 24

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_malloc(size_t size) { return __real_malloc(size < SMALLEST_BYTES ? SMALLEST_BYTES : size); }

void *__wrap_calloc(size_t count, size_t size) {
  const int small = size == 0 || count < SMALLEST_BYTES / size;
  return small ? __real_calloc(1, SMALLEST_BYTES) : __real_calloc(count, size);
}
