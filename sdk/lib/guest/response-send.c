/** Streamed answers. */
#include <weft/v1.h>

#include "runtime.h"

enum piece { HEAD = 0, BODY = 1 };

WEFT_IMPORT("send") int32_t host_send(int32_t kind, const void *data, uint32_t length);
WEFT_IMPORT("await_send") int32_t host_await_send(void);

static int send_piece(enum piece kind, const void *data, size_t length) {
  const int32_t result = host_send(kind, data, length);
  return result == WEFT_PENDING ? host_await_send() : result;
}

static int send_written(void) {
  const size_t length = weft_mailbox.out_body_length;
  if (length == 0) return WEFT_OK;
  weft_mailbox.out_body_length = 0;
  return send_piece(BODY, weft_mailbox.out_body, length);
}

/** Only once: from here on, status and headers are fixed. */
static int send_head(void) {
  const int result = send_piece(HEAD, NULL, 0);
  if (result != WEFT_OK) return result;
  weft_mailbox.head_sent = 1;
  weft_send_rest = send_written;
  return WEFT_OK;
}

int weft_response_send(weft_response *response, const void *data, size_t length) {
  // A caller gets one result; only a client can be sent pieces.
  if (weft_kind == WEFT_KIND_CALL) return weft_response_write(response, data, length);
  int result = weft_mailbox.head_sent ? WEFT_OK : send_head();
  if (result == WEFT_OK) result = send_written();
  if (result == WEFT_OK && length > 0) result = send_piece(BODY, data, length);
  return result;
}
