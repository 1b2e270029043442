/* A nightcore function: does what its input says; what it keeps, it keeps from call to call. */
#include <faas/worker_v1_interface.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *caller;
static faas_invoke_func_fn_t invoke;
static faas_append_output_fn_t append;
static int calls;

int faas_init(void) { return 0; }

int faas_create_func_worker(void *caller_context, faas_invoke_func_fn_t invoke_func, faas_append_output_fn_t append_output, void **handle) {
  caller = caller_context;
  invoke = invoke_func;
  append = append_output;
  *handle = &calls;
  return getenv("FAIL_TO_START") ? 1 : 0;
}

int faas_destroy_func_worker(void *handle) {
  (void)handle;
  return 0;
}

static int is(const char *input, size_t length, const char *word) { return length == strlen(word) && memcmp(input, word, length) == 0; }

int faas_func_call(void *handle, const char *input, size_t length) {
  char text[64];
  (void)handle;
  calls++;
  if (is(input, length, "count")) {
    append(caller, text, (size_t)snprintf(text, sizeof text, "%d", calls));
  } else if (is(input, length, "pid")) {
    append(caller, text, (size_t)snprintf(text, sizeof text, "%d", (int)getpid()));
  } else if (is(input, length, "fail")) {
    return 1;
  } else if (is(input, length, "crash")) {
    fprintf(stderr, "the library is about to crash\n");
    raise(SIGSEGV);
  } else if (is(input, length, "exit")) {
    exit(7);
  } else if (is(input, length, "spin")) {
    for (;;) usleep(1000);
  } else if (is(input, length, "impersonate")) {
    /* A result without a result, as its host never says it (sdk/host/README.md). */
    const unsigned frame[] = {0, 20};
    if (write(4, frame, sizeof frame) < 0) return 3;
    for (;;) usleep(1000);
  } else if (is(input, length, "interrupt")) {
    /* Calls of other functions, more than it can wait for. */
    static const char calls_of_nobody[] = "\6\0\0\0\25\0\0\0\2\0\0\0no";
    for (int i = 0; i < 1000; i++)
      if (write(4, calls_of_nobody, sizeof calls_of_nobody - 1) < 0) return 3;
    for (;;) usleep(1000);
  } else if (is(input, length, "slow")) {
    usleep(200000);
  } else if (length > 5 && memcmp(input, "call ", 5) == 0) {
    const char *output;
    size_t output_length;
    if (invoke(caller, "other", input + 5, length - 5, &output, &output_length) != 0) return 2;
    append(caller, output, output_length);
  } else append(caller, input, length);
  return 0;
}
