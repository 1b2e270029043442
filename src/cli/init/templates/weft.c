/** Greets whom the body names. */
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *name = weft_request_body(request, &length);
  weft_logf(WEFT_INFO, "a name of %zu bytes", length);
  weft_response_header(response, "Content-Type", "text/plain; charset=utf-8");
  weft_response_write(response, "Hello, ", 7);
  weft_response_write(response, length > 0 ? name : "World", length > 0 ? length : 5);
  return weft_response_write(response, "!\n", 2);
}
