/* Gives back what it got: one source for a context, a process and an image. */
#include <fn/fdk.h>

int fn_handle(fn_request *request, fn_response *response) {
  size_t length;
  const void *body = fn_request_body(request, &length);
  fn_response_content_type(response, "text/plain");
  return fn_response_body(response, body, length);
}
