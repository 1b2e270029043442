#include <faas/worker_v1_interface.h>
#include <stdlib.h>

#include "behaviour.h"

struct worker {
  void *caller;
  faas_invoke_func_fn_t invoke;
  faas_append_output_fn_t append;
};

int faas_init(void) { return 0; }

int faas_create_func_worker(void *caller, faas_invoke_func_fn_t invoke, faas_append_output_fn_t append, void **handle) {
  struct worker *worker = (struct worker *)malloc(sizeof *worker);
  if (worker == NULL) return -1;
  *worker = (struct worker){caller, invoke, append};
  *handle = worker;
  return 0;
}

int faas_destroy_func_worker(void *handle) {
  free(handle);
  return 0;
}

int faas_func_call(void *handle, const char *input, size_t length) {
  const struct worker *worker = (const struct worker *)handle;
  switch (behaviour_of(input, length)) {
    case ECHO:
      worker->append(worker->caller, input, length);
      return 0;
    case CRASH:
      crash();
      return 0;
    case SPIN:
      spin();
      return 0;
    case FLOOD: {
      static char piece[FLOOD_BYTES];
      for (int i = 0; i < FLOOD_PIECES; i++) worker->append(worker->caller, piece, sizeof piece);
      return 0;
    }
    case CALL: {
      const char *output;
      size_t got;
      if (worker->invoke(worker->caller, "other", "called", 6, &output, &got) != 0) return -1;
      worker->append(worker->caller, output, got);
      return 0;
    }
    case FAIL:
    case HEADER:
      return -1;
  }
  return -1;
}
