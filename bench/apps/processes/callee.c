/* Gives back what it got. */
#include <faas/worker_v1_interface.h>
#include <stddef.h>

static void *caller;
static faas_append_output_fn_t append;

int faas_init(void) { return 0; }

int faas_create_func_worker(void *context, faas_invoke_func_fn_t invoke, faas_append_output_fn_t append_output, void **handle) {
  (void)invoke;
  caller = context;
  append = append_output;
  *handle = NULL;
  return 0;
}

int faas_destroy_func_worker(void *handle) {
  (void)handle;
  return 0;
}

int faas_func_call(void *handle, const char *input, size_t length) {
  (void)handle;
  append(caller, input, length);
  return 0;
}
