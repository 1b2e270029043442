/* Calls "callee" as often as the first number of its input says, with as many bytes as the second; answers how often it did. */
#include <faas/worker_v1_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 65536 };

static void *caller;
static faas_invoke_func_fn_t invoke;
static faas_append_output_fn_t append;

int faas_init(void) { return 0; }

int faas_create_func_worker(void *context, faas_invoke_func_fn_t invoke_func, faas_append_output_fn_t append_output, void **handle) {
  caller = context;
  invoke = invoke_func;
  append = append_output;
  *handle = NULL;
  return 0;
}

int faas_destroy_func_worker(void *handle) {
  (void)handle;
  return 0;
}

int faas_func_call(void *handle, const char *input, size_t length) {
  static char data[MAX_BYTES];
  char text[64];
  char *rest;
  (void)handle;
  if (length >= sizeof text) return -1;
  memcpy(text, input, length);
  text[length] = '\0';
  const long calls = strtol(text, &rest, 10), bytes = strtol(rest, NULL, 10);
  if (bytes < 0 || bytes > MAX_BYTES) return -1;
  for (long i = 0; i < calls; i++) {
    const char *output;
    size_t got;
    if (invoke(caller, "callee", data, (size_t)bytes, &output, &got) != 0 || got != (size_t)bytes) return -1;
  }
  const int n = snprintf(text, sizeof text, "%ld", calls);
  append(caller, text, (size_t)n);
  return 0;
}
