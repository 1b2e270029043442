/** Numbers the lines of the body in their order. First in sequence: sort must be done before there is anything to number. */
#include <weft/v1.h>

#include <stdio.h>
#include <string.h>

static int number_line(weft_response *response, unsigned rank, const char *line, size_t length) {
  char prefix[16];
  const int digits = snprintf(prefix, sizeof prefix, "%u. ", rank);
  if (weft_response_write(response, prefix, (size_t)digits) != WEFT_OK) return WEFT_NO_MEMORY;
  return weft_response_write(response, line, length);
}

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const void *lines = weft_request_body(request, &length);
  weft_result sorted;
  const int error = weft_call("sort", lines, length, &sorted);
  if (error != WEFT_OK) {
    weft_logf(WEFT_ERROR, "sort did not answer: %s", weft_error_text(error));
    return error;
  }
  weft_response_header(response, "Content-Type", "text/plain");
  const char *at = sorted.data;
  const char *end = at + sorted.length;
  for (unsigned rank = 1; at < end; rank++) {
    const char *feed = memchr(at, '\n', (size_t)(end - at));
    const size_t line = feed == NULL ? (size_t)(end - at) : (size_t)(feed - at) + 1;
    if (number_line(response, rank, at, line) != WEFT_OK) return WEFT_NO_MEMORY;
    at += line;
  }
  return WEFT_OK;
}
