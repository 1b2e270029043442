/** Answers of calls, kept until the request ends. */
#include "result.h"

#include "runtime.h"

/** Answers up to this size arrive where they stay; larger ones are fetched once there is room. */
#define INLINE_BYTES 512

WEFT_IMPORT("result") int32_t host_result(void *output, uint32_t offset, uint32_t length);

char *weft_result_room(size_t *room) {
  char *output = weft_arena_room(INLINE_BYTES, room);
  if (output == NULL) *room = 0;
  return output;
}

static char *fetch(size_t length) {
  char *data = weft_alloc(length);
  return data != NULL && host_result(data, 0, length) >= 0 ? data : NULL;
}

int weft_result_take(weft_result *result, char *output, size_t room, int32_t length) {
  *result = (weft_result){.status = weft_mailbox.call_status};
  if (length < 0) return length;
  char *data = output;
  if ((size_t)length <= room) {
    weft_arena_take(length);
  } else {
    data = fetch(length);
    if (data == NULL) return WEFT_NO_MEMORY;
  }
  result->data = data;
  result->length = length;
  return WEFT_OK;
}

int weft_call_rest(void *output, size_t offset, size_t length) {
  const int32_t result = host_result(output, offset, length);
  return result < 0 ? result : WEFT_OK;
}

int weft_call_status(void) { return weft_mailbox.call_status; }
