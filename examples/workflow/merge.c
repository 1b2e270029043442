/** Merges two sorted parts. The body is the length of the first as 32 bits, then both. */
#include <weft/v1.h>

#include <string.h>

#include "lines.h"

static int put(weft_response *response, const struct line *line) {
  const int error = weft_response_write(response, line->text, line->length);
  return error != WEFT_OK ? error : weft_response_write(response, "\n", 1);
}

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *body = weft_request_body(request, &length);
  uint32_t first;
  if (length < sizeof first) return WEFT_INVALID;
  memcpy(&first, body, sizeof first);
  const char *a = body + sizeof first;
  size_t a_length = first;
  if (a_length > length - sizeof first) return WEFT_INVALID;
  const char *b = a + a_length;
  size_t b_length = length - sizeof first - a_length;

  struct line from_a, from_b;
  int has_a = next_line(&a, &a_length, &from_a);
  int has_b = next_line(&b, &b_length, &from_b);
  int error = WEFT_OK;
  while (error == WEFT_OK && (has_a || has_b)) {
    if (has_a && (!has_b || compare_lines(&from_a, &from_b) <= 0)) {
      error = put(response, &from_a);
      has_a = next_line(&a, &a_length, &from_a);
    } else {
      error = put(response, &from_b);
      has_b = next_line(&b, &b_length, &from_b);
    }
  }
  return error;
}
