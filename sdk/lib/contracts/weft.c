/** The contract of <weft/v1.h>. */
#include <weft/v1.h>

#include "runtime.h"

/** The hook is optional; what the header declares is made weak here alone. */
int weft_on_init(void) __attribute__((weak));

int weft_contract_init(void) { return weft_on_init == NULL ? 0 : weft_on_init(); }

int weft_contract_run(void) {
  // A memory has one request at a time, and its mailbox is all there is to know of it.
  const int result = weft_handle((weft_request *)&weft_mailbox, (weft_response *)&weft_mailbox);
  if (result != WEFT_OK || !weft_mailbox.head_sent) return result;
  const int sent = weft_send_rest();
  // A client that left does not make its request a failure.
  return sent == WEFT_CLOSED ? WEFT_OK : sent;
}
