#include <weft/v1.h>

#include "runtime.h"

int weft_response_status(weft_response *response, int status) {
  (void)response;
  if (weft_mailbox.head_sent || status < 200 || status > 599) return WEFT_INVALID;
  weft_mailbox.status = status;
  return WEFT_OK;
}
