/** Buffers that the answer is gathered in. They keep their size from request to request where memory is not rolled back. */
#include "runtime.h"

#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>

int weft_buffer_grow(struct weft_buffer *buffer, const char *fixed, size_t length, size_t more) {
  if (more > SIZE_MAX / 2 - length) return WEFT_NO_MEMORY;
  size_t capacity = buffer->capacity * 2;
  if (capacity < length + more) capacity = length + more;
  char *data = buffer->data == fixed ? malloc(capacity) : realloc(buffer->data, capacity);
  if (data == NULL) return WEFT_NO_MEMORY;
  if (buffer->data == fixed) memcpy(data, fixed, length);
  buffer->data = data;
  buffer->capacity = capacity;
  return WEFT_OK;
}
