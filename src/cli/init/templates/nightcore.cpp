/** Greets whom the input names, through Nightcore's interface. */
#include <faas/worker_v1_interface.h>

#include <string>

namespace {

struct worker {
  void *caller_context;
  faas_append_output_fn_t append_output;
};

}  // namespace

extern "C" {

int faas_init() { return 0; }

int faas_create_func_worker(void *caller_context, faas_invoke_func_fn_t /* calls another function by its name */,
                            faas_append_output_fn_t append_output, void **worker_handle) {
  *worker_handle = new worker{caller_context, append_output};
  return 0;
}

int faas_destroy_func_worker(void *worker_handle) {
  delete static_cast<worker *>(worker_handle);
  return 0;
}

int faas_func_call(void *worker_handle, const char *input, size_t input_length) {
  const auto *self = static_cast<const worker *>(worker_handle);
  const std::string name = input_length > 0 ? std::string(input, input_length) : "World";
  const std::string greeting = "Hello, " + name + "!\n";
  self->append_output(self->caller_context, greeting.data(), greeting.size());
  return 0;
}

}  // extern "C"
