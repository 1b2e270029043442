/** Calls that run at the same time. */
#include <weft/v1.h>

#include "result.h"
#include "runtime.h"

WEFT_IMPORT("start") int32_t host_start(weft_function function, const void *input, uint32_t length);
WEFT_IMPORT("wait") int32_t host_wait(int32_t call, void *output, uint32_t capacity);

int weft_start(const char *function, const void *input, size_t length) {
  const weft_function id = weft_find(function);
  return id < 0 ? id : host_start(id, input, length);
}

int weft_wait(int call, weft_result *result) {
  size_t room;
  char *output = weft_result_room(&room);
  return weft_result_take(result, output, room, host_wait(call, output, room));
}
