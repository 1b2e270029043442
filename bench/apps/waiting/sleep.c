/** Waits as many milliseconds as ?ms says. */
#include <stdlib.h>
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  const char *ms = weft_request_parameter(request, "ms");
  const int error = weft_sleep_ms(ms == NULL ? 0 : atof(ms));
  return error != WEFT_OK ? error : weft_response_body(response, "awake", 5);
}
