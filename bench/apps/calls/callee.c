/** Gives back what it got, without copying: what is measured is the way to it and back. */
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *body = weft_request_body(request, &length);
  return weft_response_body(response, body, length);
}
