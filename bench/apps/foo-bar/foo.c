/** Hands its input to "bar" and gives back what that answered. */
#include <weft/v1.h>

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *body = weft_request_body(request, &length);
  weft_result answer;
  const int error = weft_call("bar", body, length, &answer);
  return error != WEFT_OK ? error : weft_response_body(response, answer.data, answer.length);
}
