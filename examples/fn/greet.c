/** A function for Fn, in C: the same source as a context, a process, and an image (see Dockerfile). */
#include <fn/fdk.h>

#include <stdio.h>
#include <string.h>

int fn_handle(fn_request *request, fn_response *response) {
  size_t length;
  const char *name = (const char *)fn_request_body(request, &length);
  if (strcmp(fn_request_method(request), "DELETE") == 0) return fn_response_status(response, 405);
  const char *greeting = fn_config("GREETING");
  char *line = (char *)fn_alloc(request, length + 256);
  if (line == NULL) return FN_NO_MEMORY;
  if (length == 0) {
    name = "World";
    length = strlen(name);
  }
  const int size = snprintf(line, length + 256, "%.200s, %.*s!\n", greeting == NULL ? "Hello" : greeting, (int)length, name);
  fn_response_content_type(response, "text/plain");
  return fn_response_body(response, line, (size_t)size);
}
