#include <fn/fdk.h>
#include <stdlib.h>

#include "behaviour.h"

int fn_handle(fn_request *request, fn_response *response) {
  size_t length;
  const char *input = (const char *)fn_request_body(request, &length);
  switch (behaviour_of(input, length)) {
    case ECHO:
      return fn_response_body(response, input, length);
    case CRASH:
      crash();
      return 0;
    case SPIN:
      spin();
      return 0;
    case FLOOD: {
      const size_t flood = (size_t)FLOOD_BYTES * FLOOD_PIECES;
      char *output = (char *)fn_alloc(request, flood);
      return output == NULL ? 1 : fn_response_body(response, memset(output, 0, flood), flood);
    }
    case HEADER: {
      const char *value = fn_request_header(request, "X-Case");
      return value == NULL ? 1 : fn_response_write(response, value, strlen(value));
    }
    case FAIL:
    case CALL:
      return 1;
  }
  return 1;
}
