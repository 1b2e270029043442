/** Greets whom the input names, through Nightcore's interface. */
#include <faas/worker_v1_interface.h>

#include <stdlib.h>

struct worker {
  void *caller_context;
  faas_append_output_fn_t append_output;
};

int faas_init(void) { return 0; }

int faas_create_func_worker(void *caller_context, faas_invoke_func_fn_t invoke_func, faas_append_output_fn_t append_output,
                            void **worker_handle) {
  (void)invoke_func; /* calls another function by its name */
  struct worker *worker = malloc(sizeof *worker);
  if (worker == NULL) return -1;
  *worker = (struct worker){caller_context, append_output};
  *worker_handle = worker;
  return 0;
}

int faas_destroy_func_worker(void *worker_handle) {
  free(worker_handle);
  return 0;
}

int faas_func_call(void *worker_handle, const char *input, size_t input_length) {
  const struct worker *worker = worker_handle;
  worker->append_output(worker->caller_context, "Hello, ", 7);
  worker->append_output(worker->caller_context, input_length > 0 ? input : "World", input_length > 0 ? input_length : 5);
  worker->append_output(worker->caller_context, "!\n", 2);
  return 0;
}
