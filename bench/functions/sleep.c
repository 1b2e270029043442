/** Waits as many milliseconds as the body says. */
#include <stdlib.h>
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *body = weft_request_body(request, &length);
  char digits[16] = {0};
  for (size_t i = 0; i < length && i < sizeof digits - 1; i++) digits[i] = body[i];
  weft_sleep_ms(atof(digits));
  return weft_response_body(response, "awake", 5);
}
