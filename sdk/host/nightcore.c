/**
 * A worker that has a nightcore library in its own process, as the platform it was made for has it: one handle, one call at a
 * time, state kept between calls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define __FAAS_SRC
#include <faas/worker_v1_interface.h>

#include "fail.h"
#include "messages.h"
#include "modes.h"

enum {
  /** What the output keeps from one call to the next. */
  KEPT_OUTPUT_BYTES = 1024 * 1024,
  RESULT_HEAD_BYTES = HEADER_BYTES + 4,
};

/** In place of a result when there was more output than allowed, and when there was no memory for it. */
static const int TOO_LARGE = -2147483647 - 1;
static const int NO_MEMORY = -2147483647;

/** Everything below is looked at by whatever thread the library calls us from. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool calling;
/** Of invocations: they stay until the call returns. */
static struct message *results;
/** Begins with room for the head of a RESULT, so that it goes out in one piece. */
static unsigned char *output;
static size_t output_bytes, output_capacity, max_output_bytes;
static int output_error;

static bool grow_output(size_t needed) {
  size_t capacity = output_capacity;
  while (capacity < needed) capacity *= 2;
  unsigned char *grown = realloc(output, capacity);
  if (!grown) return false;
  output = grown;
  output_capacity = capacity;
  return true;
}

static void append_output(void *context, const char *data, size_t length) {
  (void)context;
  pthread_mutex_lock(&lock);
  const size_t before = output_bytes - RESULT_HEAD_BYTES;
  if (!calling || output_error != 0) length = 0;
  else if (length > max_output_bytes - before) output_error = TOO_LARGE;
  else if (length > output_capacity - output_bytes && !grow_output(output_bytes + length)) output_error = NO_MEMORY;
  if (output_error == 0 && length > 0) {
    memcpy(output + output_bytes, data, length);
    output_bytes += length;
  }
  pthread_mutex_unlock(&lock);
}

static struct message *invoke(const char *name, const char *input, size_t length) {
  const size_t name_length = strlen(name);
  unsigned char head[HEADER_BYTES + 4];
  put_header(head, (uint32_t)(4 + name_length + length), FRAME_INVOKE);
  put_u32(head + HEADER_BYTES, (uint32_t)name_length);
  struct iovec parts[] = {{head, sizeof head}, {(char *)name, name_length}, {(char *)input, length}};
  message_send(parts, 3);
  return message_receive();
}

static int invoke_func(void *context, const char *name, const char *input, size_t length, const char **output_data,
                       size_t *output_length) {
  (void)context;
  *output_data = NULL;
  *output_length = 0;
  if (length > UINT32_MAX / 2) return -1;
  pthread_mutex_lock(&lock);
  int error = -1;
  if (calling) { // else there is no request that it would be for
    struct message *answer = invoke(name, input, length);
    if (answer->type != FRAME_INVOKED || answer->length < 4) fail_because("frame", "not the answer of an invocation");
    error = get_u32(answer->payload) == 0 ? 0 : -1;
    answer->next = results;
    results = answer;
    if (error == 0) {
      *output_data = (const char *)answer->payload + 4;
      *output_length = answer->length - 4;
    }
  }
  pthread_mutex_unlock(&lock);
  return error;
}

static void drop_results(void) {
  while (results) {
    struct message *next = results->next;
    free(results);
    results = next;
  }
}

/** Everything of the call that is over, but for the output that goes out now. */
static void send_result(int result) {
  if (output_error != 0) result = output_error;
  if (result != 0) output_bytes = RESULT_HEAD_BYTES;
  put_header(output, (uint32_t)(output_bytes - HEADER_BYTES), FRAME_RESULT);
  put_u32(output + HEADER_BYTES, (uint32_t)result);
  message_send(&(struct iovec){output, output_bytes}, 1);
  output_bytes = RESULT_HEAD_BYTES;
  output_error = 0;
  if (output_capacity <= KEPT_OUTPUT_BYTES) return;
  unsigned char *less = realloc(output, KEPT_OUTPUT_BYTES);
  if (!less) return;
  output = less;
  output_capacity = KEPT_OUTPUT_BYTES;
}

struct library {
  int (*init)(void);
  int (*create)(void *, faas_invoke_func_fn_t, faas_append_output_fn_t, void **);
  int (*destroy)(void *);
  int (*call)(void *, const char *, size_t);
};

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (!found) fail_because(name, "the library does not export it");
  return found;
}

static struct library load(const char *path) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!library) fail_because("cannot load the library", dlerror());
  struct library found;
  // POSIX lets a pointer from dlsym be that of a function; C does not, other than by its bytes.
  *(void **)&found.init = symbol(library, "faas_init");
  *(void **)&found.create = symbol(library, "faas_create_func_worker");
  *(void **)&found.destroy = symbol(library, "faas_destroy_func_worker");
  *(void **)&found.call = symbol(library, "faas_func_call");
  return found;
}

static void *start(const struct library *library) {
  static char caller_context;
  void *worker = NULL;
  char result[64];
  int error = library->init();
  snprintf(result, sizeof result, "it returned %d", error);
  if (error != 0) fail_because("faas_init", result);
  error = library->create(&caller_context, invoke_func, append_output, &worker);
  snprintf(result, sizeof result, "it returned %d", error);
  if (error != 0) fail_because("faas_create_func_worker", result);
  return worker;
}

static void serve(const struct library *library, void *worker) {
  struct message *message = message_receive();
  if (message->type != FRAME_CALL) fail_because("frame", "not one that a worker of this kind takes");
  pthread_mutex_lock(&lock);
  calling = true;
  pthread_mutex_unlock(&lock);
  const int result = library->call(worker, (const char *)message->payload, message->length);
  pthread_mutex_lock(&lock); // waits for threads of the library that still invoke
  calling = false;
  drop_results();
  send_result(result);
  pthread_mutex_unlock(&lock);
  free(message);
}

_Noreturn void run_nightcore(const char *path, const struct limits *limits, size_t max_output) {
  const int error = limits_apply(limits);
  if (error != 0) fail("limits", error);
  setvbuf(stdout, NULL, _IOLBF, 0); // what the library prints is in the log when it was printed
  max_output_bytes = max_output;
  output_bytes = RESULT_HEAD_BYTES;
  output_capacity = 4096;
  output = malloc(output_capacity);
  if (!output) fail("output", ENOMEM);

  // Whoever made the pipes may have set them up to be waited for; here a read is to wait by itself.
  for (int fd = FRAMES_IN; fd <= FRAMES_OUT; fd++) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) fail("file descriptors 3 and 4", errno);
  }

  const struct library library = load(path);
  void *worker = start(&library);
  unsigned char ready[HEADER_BYTES];
  put_header(ready, 0, FRAME_READY);
  message_send(&(struct iovec){ready, sizeof ready}, 1);
  for (;;) serve(&library, worker);
}
