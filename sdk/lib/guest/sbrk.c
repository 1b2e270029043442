/**
 * sbrk in place of the C library's, which asks for new pages each time. Memory cannot shrink: pages that one request added are
 * still there, wiped, when the next has gone back to the snapshot, and would be lost to it. The engine knows of them, and gives
 * them out again before it adds more; it knows as well where this function's memory ends, which the function cannot see.
 */
#include "runtime.h"

#include <errno.h>
#include <unistd.h>

#define PAGE_BYTES 65536

WEFT_IMPORT("grow") void *host_grow(uint32_t length);

void *sbrk(intptr_t increment) {
  if (increment < 0 || increment % PAGE_BYTES != 0) {
    errno = EINVAL;
    return (void *)-1;
  }
  void *start = host_grow((uint32_t)increment);
  if (start != NULL) return start;
  weft_mailbox.out_of_memory = 1;
  errno = ENOMEM;
  return (void *)-1;
}
