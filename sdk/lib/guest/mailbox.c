/** The mailbox and the two places that input can come to: the static input area, or memory that weft_reserve finds. */
#include "runtime.h"

#include <stdlib.h>

#define CACHE_LINE_BYTES 64u

static char inbox[WEFT_INBOX_BYTES] __attribute__((aligned(16)));

struct weft_mailbox weft_mailbox __attribute__((aligned(16))) = {
    .version = 1,
    .inbox = inbox,
    .inbox_capacity = WEFT_INBOX_BYTES,
};

uint32_t weft_turn;
int32_t weft_kind;
int (*weft_send_rest)(void);

/**
 * Larger input. Kept for the next request where memory is not rolled back. On a cache line's boundary: 16 KiB are copied there in
 * two thirds of the time.
 */
WEFT_EXPORT("weft_reserve") void *weft_reserve(uint32_t length) {
  static void *reserved;
  static uint32_t capacity;
  if (length > capacity) {
    free(reserved);
    const uint32_t lines = length / CACHE_LINE_BYTES + 1; // no length overflows
    reserved = lines > UINT32_MAX / CACHE_LINE_BYTES ? NULL : aligned_alloc(CACHE_LINE_BYTES, lines * CACHE_LINE_BYTES);
    capacity = reserved == NULL ? 0 : length;
  }
  return reserved;
}
