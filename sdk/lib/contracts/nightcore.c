/** Functions written against <faas/worker_v1_interface.h>: one worker, made at deploy, serves one call at a time. */
#include <faas/worker_v1_interface.h>
#include <weft/v1.h>

#include "runtime.h"

/** Handed to the function and expected back; its address is its meaning. */
static char caller_context;
static void *worker;
static int append_failed;

/** The interface has no way to say that there is no memory for output, so the call fails at its end. */
static void append_output(void *context, const char *data, size_t length) {
  (void)context;
  if (length > 0 && weft_body_append(data, length) != 0) append_failed = 1;
}

/** The result stays valid until faas_func_call returns: it lies in the memory of the request. */
static int invoke_func(void *context, const char *name, const char *input, size_t length, const char **output, size_t *output_length) {
  (void)context;
  weft_result result;
  const int error = weft_call(name, input, length, &result);
  *output = result.data;
  *output_length = result.length;
  return error == WEFT_OK ? 0 : -1;
}

int weft_contract_init(void) {
  const int error = faas_init();
  return error != 0 ? error : faas_create_func_worker(&caller_context, invoke_func, append_output, &worker);
}

int weft_contract_run(void) {
  append_failed = 0;
  const int error = faas_func_call(worker, weft_mailbox.in_body, weft_mailbox.in_body_length);
  if (error != 0 || append_failed) weft_mailbox.out_body_length = 0;
  if (append_failed) weft_log(WEFT_ERROR, "out of memory while appending output");
  return error != 0 || append_failed;
}
