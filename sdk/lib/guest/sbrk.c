/**
 * sbrk in place of the C library's, which asks for new pages each time. Memory cannot shrink: pages that one request added are
 * still there, wiped, when the next has gone back to the snapshot, and would be lost to it. This one keeps its break in memory,
 * so that it goes back as well, and hands those pages out again before it asks for more.
 */
#include "runtime.h"

#include <errno.h>
#include <unistd.h>

#define PAGE_BYTES 65536u
#define NO_PAGES ((uintptr_t)-1)

/** End of the memory that the linker gave malloc to begin with. */
extern char __heap_end;

static uintptr_t brk = (uintptr_t)&__heap_end;

static uintptr_t memory_end(void) { return (uintptr_t)__builtin_wasm_memory_size(0) * PAGE_BYTES; }

/** Adds pages behind all there are, which may not be where the break is: a program can grow its memory by itself. */
static void *add_pages(uintptr_t length) {
  const uintptr_t at = memory_end();
  const uintptr_t kept = brk == at || weft_mailbox.spare_end == at ? at - brk : 0;
  const uintptr_t start = at - kept;
  const uintptr_t pages = (length - kept + PAGE_BYTES - 1) / PAGE_BYTES;
  if (__builtin_wasm_memory_grow(0, pages) == NO_PAGES) {
    weft_mailbox.out_of_memory = 1;
    errno = ENOMEM;
    return (void *)-1;
  }
  brk = start + length;
  return (void *)start;
}

void *sbrk(intptr_t increment) {
  if (increment == 0) return (void *)brk;
  if (increment < 0 || increment % (intptr_t)PAGE_BYTES != 0) {
    errno = EINVAL;
    return (void *)-1;
  }
  const uintptr_t length = (uintptr_t)increment;
  if (brk < weft_mailbox.spare_end && length <= weft_mailbox.spare_end - brk) {
    const uintptr_t start = brk;
    brk = start + length;
    return (void *)start;
  }
  return add_pages(length);
}
