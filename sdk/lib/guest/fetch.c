/** Outbound HTTP. Request and answer cross as text; the host speaks HTTP. */
#include <weft/v1.h>

#include <string.h>

#include "runtime.h"

/** Room for an answer to arrive in directly. */
#define ROOM_BYTES 4096
#define STATUS_DIGITS 3

WEFT_IMPORT("fetch") int32_t host_fetch(const void *request, uint32_t length, void *out, uint32_t capacity);
WEFT_IMPORT("result") int32_t host_result(void *output, uint32_t offset, uint32_t length);

static int has_line_break(const char *text) { return strpbrk(text, "\r\n") != NULL; }

static const char *method_of(const weft_fetch_request *request) {
  if (request->method != NULL) return request->method;
  return request->body_length > 0 ? "POST" : "GET";
}

/** Writes when there is somewhere to write; gives the length either way. */
static size_t put(char *out, size_t at, const void *data, size_t length) {
  if (out != NULL && length > 0) memcpy(out + at, data, length);
  return at + length;
}

static size_t put_text(char *out, size_t at, const char *text) { return put(out, at, text, strlen(text)); }

static size_t compose(char *out, const weft_fetch_request *request) {
  size_t at = put_text(out, 0, method_of(request));
  at = put_text(out, at, " ");
  at = put_text(out, at, request->url);
  at = put_text(out, at, "\r\n");
  for (const char *const *h = request->headers; h != NULL && h[0] != NULL && h[1] != NULL; h += 2) {
    at = put_text(out, at, h[0]);
    at = put_text(out, at, ": ");
    at = put_text(out, at, h[1]);
    at = put_text(out, at, "\r\n");
  }
  at = put_text(out, at, "\r\n");
  return put(out, at, request->body, request->body_length);
}

static int is_legal(const weft_fetch_request *request) {
  if (request->url == NULL || strpbrk(request->url, " \r\n") != NULL || strpbrk(method_of(request), " \r\n") != NULL) return 0;
  for (const char *const *h = request->headers; h != NULL && h[0] != NULL; h += 2) {
    if (h[1] == NULL || has_line_break(h[0]) || has_line_break(h[1])) return 0;
  }
  return 1;
}

static const char *end_of_head(const char *text, size_t length) {
  for (size_t i = 0; i + 4 <= length; i++) {
    if (memcmp(text + i, "\r\n\r\n", 4) == 0) return text + i + 4;
  }
  return NULL;
}

static int parse(weft_fetch_response *response, const char *text, size_t length) {
  const char *body = end_of_head(text, length);
  const char *line = memchr(text, '\n', length);
  if (body == NULL || line == NULL) return WEFT_IO;
  for (int i = 0; i < STATUS_DIGITS; i++) response->status = response->status * 10 + (text[i] - '0');
  response->head_ = line + 1;
  response->head_length_ = (size_t)(body - 2 - response->head_);
  response->body = body;
  response->body_length = length - (size_t)(body - text);
  return WEFT_OK;
}

int weft_fetch(const weft_fetch_request *request, weft_fetch_response *response) {
  *response = (weft_fetch_response){0};
  if (!is_legal(request)) return WEFT_INVALID;
  const size_t length = compose(NULL, request);
  char *text = weft_alloc(length);
  if (text == NULL) return WEFT_NO_MEMORY;
  compose(text, request);

  char *answer = weft_alloc(ROOM_BYTES);
  if (answer == NULL) return WEFT_NO_MEMORY;
  const int32_t got = host_fetch(text, length, answer, ROOM_BYTES);
  if (got < 0) return got;
  if (got > ROOM_BYTES) {
    answer = weft_alloc(got);
    if (answer == NULL) return WEFT_NO_MEMORY;
    const int32_t fetched = host_result(answer, 0, got);
    if (fetched < 0) return fetched;
  }
  return parse(response, answer, got);
}

const char *weft_fetch_header(const weft_fetch_response *response, const char *name) {
  // Ours to split: it lies in the arena, and only this file hands it out as const.
  return weft_head_find((char *)response->head_, response->head_length_, name);
}
