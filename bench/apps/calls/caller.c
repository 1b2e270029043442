/** Calls "callee" (?calls=N, ?bytes=M) or copies as many bytes twice (?copies=N). */
#include <stdlib.h>
#include <string.h>
#include <weft/v1.h>

#define MAX_BYTES 16384

static char input[MAX_BYTES], output[MAX_BYTES], between[MAX_BYTES];

static long number(weft_request *request, const char *name) {
  const char *text = weft_request_parameter(request, name);
  return text == NULL ? 0 : strtol(text, NULL, 10);
}

/** Nothing that the compiler knows of tells it that the copies have no use. */
static void keep(const void *data) { __asm__ volatile("" ::"r"(data) : "memory"); }

int weft_handle(weft_request *request, weft_response *response) {
  const long calls = number(request, "calls"), copies = number(request, "copies"), bytes = number(request, "bytes");
  const weft_function callee = weft_find("callee");
  if (callee < 0 || bytes < 0 || bytes > MAX_BYTES) return -1;
  for (long i = 0; i < calls; i++) {
    if (weft_call_into(callee, input, (size_t)bytes, output, sizeof output) != bytes) return -1;
  }
  for (long i = 0; i < copies; i++) {
    __builtin_memcpy(between, input, (size_t)bytes);
    keep(between);
    __builtin_memcpy(output, between, (size_t)bytes);
    keep(output);
  }
  return weft_response_body(response, "done", 4);
}
