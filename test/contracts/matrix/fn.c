#include <fn/fdk.h>
#include <stdlib.h>

#include "behaviour.h"

int fn_handle(fn_request *request, fn_response *response) {
  size_t length;
  const char *input = (const char *)fn_request_body(request, &length);
  fn_response_content_type(response, "text/plain");
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
      static const char piece[FLOOD_BYTES];
      for (int i = 0; i < FLOOD_PIECES; i++)
        if (fn_response_write(response, piece, sizeof piece) != 0) return 1;
      return 0;
    }
    case HEADER: {
      const char *value = fn_request_header(request, "X-Case");
      return value == NULL ? 1 : fn_response_body(response, value, strlen(value));
    }
    case FAIL:
    case CALL:
      return 1;
  }
  return 1;
}
