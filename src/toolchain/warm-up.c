/* Compiled to load the compiler, and thrown away. */
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  void *body = weft_request_body(request, &length);
  return weft_response_body(response, body, length);
}
