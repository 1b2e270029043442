/** Never ends by itself. */
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  (void)request;
  for (volatile unsigned turn = 0;; turn++) {
  }
  return weft_response_body(response, "", 0);
}
