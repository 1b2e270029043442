/** The body of the answer: gathered piece by piece, or lent as a whole. */
#include <weft/v1.h>

#include <string.h>

#include "runtime.h"

#define BODY_BYTES 1024

static char own[BODY_BYTES] __attribute__((aligned(16)));
static struct weft_buffer body = {own, BODY_BYTES};

/** A body that was lent becomes the beginning of one that is gathered. */
static int take_over_lent(void) {
  const size_t length = weft_mailbox.out_body_length;
  if (length > body.capacity && weft_buffer_grow(&body, own, 0, length) != 0) return WEFT_NO_MEMORY;
  memcpy(body.data, weft_mailbox.out_body, length);
  weft_mailbox.out_body = body.data;
  return WEFT_OK;
}

int weft_body_append(const void *data, size_t length) {
  const size_t before = weft_mailbox.out_body_length;
  if (before == 0) {
    weft_mailbox.out_body = body.data;
  } else if (weft_mailbox.out_body != body.data && take_over_lent() != 0) {
    return WEFT_NO_MEMORY;
  }
  if (length > body.capacity - before) {
    if (weft_buffer_grow(&body, own, before, length) != 0) return WEFT_NO_MEMORY;
    weft_mailbox.out_body = body.data;
  }
  memcpy(body.data + before, data, length);
  weft_mailbox.out_body_length = before + length;
  return WEFT_OK;
}

int weft_response_write(weft_response *response, const void *data, size_t length) {
  (void)response;
  return weft_body_append(data, length);
}
