/** Greets whom the body names: a function for Fn. */
#include <fn/fdk.h>

int fn_handle(fn_request *request, fn_response *response) {
  size_t length;
  const char *name = fn_request_body(request, &length);
  fn_response_content_type(response, "text/plain; charset=utf-8");
  fn_response_write(response, "Hello, ", 7);
  fn_response_write(response, length > 0 ? name : "World", length > 0 ? length : 5);
  return fn_response_write(response, "!\n", 2);
}
