#include <stdlib.h>
#include <weft/v1.h>

#include "transform.h"

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = (const char *)weft_request_body(request, &length);
  char *output = (char *)malloc(length + 1);
  if (output == NULL || transform(input, length, output) != 0) return 1;
  return weft_response_body(response, output, length);
}
