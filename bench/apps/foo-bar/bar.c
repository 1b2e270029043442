/** Greets whoever it got. */
#include <string.h>
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *body = weft_request_body(request, &length);
  const int error = weft_response_write(response, "Hello, ", strlen("Hello, "));
  return error != WEFT_OK ? error : weft_response_write(response, body, length);
}
