/** The request's body, apart from the rest of the request: many functions want nothing else. */
#include <weft/v1.h>

#include "runtime.h"

void *weft_request_body(weft_request *request, size_t *length) {
  (void)request;
  *length = weft_mailbox.in_body_length;
  return weft_mailbox.in_body;
}
