#include <stdlib.h>
#include <weft/v1.h>

#include "behaviour.h"

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = (const char *)weft_request_body(request, &length);
  switch (behaviour_of(input, length)) {
    case ECHO:
      return weft_response_body(response, input, length);
    case FAIL:
      return 1;
    case CRASH:
      crash();
      return 0;
    case SPIN:
      spin();
      return 0;
    case FLOOD: {
      const size_t flood = (size_t)FLOOD_BYTES * FLOOD_PIECES;
      char *output = (char *)calloc(1, flood);
      return output == NULL ? 1 : weft_response_body(response, output, flood);
    }
    case HEADER: {
      const char *value = weft_request_header(request, "X-Case");
      return value == NULL ? 1 : weft_response_body(response, value, strlen(value));
    }
    case CALL: {
      weft_result result;
      if (weft_call("other", "called", 6, &result) != 0) return 1;
      return weft_response_body(response, result.data, result.length);
    }
  }
  return 1;
}
