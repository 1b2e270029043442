/* What each function of the case table does: its input backwards. "fail" and "trap" at the beginning of the input are taken at their word. */
#include <stddef.h>
#include <string.h>

static int transform(const char *input, size_t length, char *output) {
  if (length >= 4 && memcmp(input, "fail", 4) == 0) return 1;
  if (length >= 4 && memcmp(input, "trap", 4) == 0) __builtin_trap();
  for (size_t i = 0; i < length; i++) output[i] = input[length - 1 - i];
  return 0;
}
