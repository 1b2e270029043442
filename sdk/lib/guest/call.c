/** Calls that wait for their answer. The import is a switch to the callee's context when both are merged. */
#include <weft/v1.h>

#include "result.h"
#include "runtime.h"

WEFT_IMPORT("call") int32_t host_call(weft_function function, const void *input, uint32_t length, void *output, uint32_t capacity);
WEFT_IMPORT("await_call") int32_t host_await_call(void *output, uint32_t capacity);

int32_t weft_call_into(weft_function function, const void *input, size_t length, void *output, size_t capacity) {
  if (__builtin_expect(function < 0, 0)) return function;
  const int32_t result = host_call(function, input, length, output, capacity);
  return __builtin_expect(result == WEFT_PENDING, 0) ? host_await_call(output, capacity) : result;
}

int weft_call(const char *function, const void *input, size_t length, weft_result *result) {
  size_t room;
  char *output = weft_result_room(&room);
  return weft_result_take(result, output, room, weft_call_into(weft_find(function), input, length, output, room));
}
