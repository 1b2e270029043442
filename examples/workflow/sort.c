/**
 * Sorts lines: a few by itself, more by halves. The halves are two calls to this very function that run at the same time, each in a
 * memory of its own; merge puts their answers together.
 */
#include <weft/v1.h>

#include <stdlib.h>
#include <string.h>

#include "lines.h"

/** So many are sorted without a call. */
#define FEW 8

static int by_text(const void *a, const void *b) { return compare_lines(a, b); }

static int sort_few(weft_response *response, const char *text, size_t length) {
  struct line lines[FEW];
  size_t count = 0;
  while (next_line(&text, &length, &lines[count])) count++;
  qsort(lines, count, sizeof lines[0], by_text);
  for (size_t i = 0; i < count; i++) {
    weft_response_write(response, lines[i].text, lines[i].length);
    if (weft_response_write(response, "\n", 1) != WEFT_OK) return WEFT_NO_MEMORY;
  }
  return WEFT_OK;
}

/** Bytes of the first half of the lines; 0 when there are few. */
static size_t half_of(const char *text, size_t length) {
  const char *rest = text;
  size_t left = length;
  struct line line;
  size_t count = 0;
  while (next_line(&rest, &left, &line)) count++;
  if (count <= FEW) return 0;
  rest = text;
  left = length;
  for (size_t i = 0; i < count / 2; i++) next_line(&rest, &left, &line);
  return length - left;
}

/** What merge takes: the length of the first part, then both. */
static int merge(weft_response *response, const weft_result *a, const weft_result *b) {
  const uint32_t first = (uint32_t)a->length;
  char *both = weft_alloc(sizeof first + a->length + b->length);
  if (both == NULL) return WEFT_NO_MEMORY;
  memcpy(both, &first, sizeof first);
  memcpy(both + sizeof first, a->data, a->length);
  memcpy(both + sizeof first + a->length, b->data, b->length);
  weft_result merged;
  const int error = weft_call("merge", both, sizeof first + a->length + b->length, &merged);
  return error != WEFT_OK ? error : weft_response_body(response, merged.data, merged.length);
}

int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *text = weft_request_body(request, &length);
  const size_t half = half_of(text, length);
  if (half == 0) return sort_few(response, text, length);

  const int first = weft_start("sort", text, half);
  const int second = weft_start("sort", text + half, length - half);
  weft_result a, b;
  int error = weft_wait(first, &a);
  if (error == WEFT_OK) error = weft_wait(second, &b);
  return error != WEFT_OK ? error : merge(response, &a, &b);
}
