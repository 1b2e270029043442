/** The body of the answer, where it lies. */
#include <weft/v1.h>

#include "runtime.h"

int weft_response_body(weft_response *response, const void *data, size_t length) {
  (void)response;
  // What was sent already is not to be sent again with the rest.
  if (weft_mailbox.head_sent) return WEFT_INVALID;
  weft_mailbox.out_body = data;
  weft_mailbox.out_body_length = length;
  return WEFT_OK;
}
