/** Does what the header X-Do says. */
#include <fn/fdk.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int started;
static int calls;

int fn_init(void) {
  started++;
  return fn_config("REFUSE") != NULL;
}

static void line(fn_response *response, const char *name, const char *value) {
  fn_response_write(response, name, strlen(name));
  fn_response_write(response, "=", 1);
  fn_response_write(response, value, strlen(value));
  fn_response_write(response, "\n", 1);
}

static int describe(fn_request *request, fn_response *response) {
  char number[32];
  line(response, "id", fn_request_call_id(request));
  line(response, "deadline", fn_request_deadline(request));
  snprintf(number, sizeof number, "%lld", (long long)fn_request_deadline_ms(request));
  line(response, "ms", number);
  line(response, "intent", fn_request_intent(request));
  line(response, "method", fn_request_method(request));
  line(response, "url", fn_request_url(request));
  line(response, "type", fn_request_content_type(request));
  line(response, "config", fn_config("GREETING") == NULL ? "none" : fn_config("GREETING"));
  line(response, "memory", fn_config("FN_MEMORY") == NULL ? "none" : fn_config("FN_MEMORY"));
  line(response, "function", fn_config("FN_NAME") == NULL ? "none" : fn_config("FN_NAME"));
  fn_header_cursor cursor = {0};
  const char *name;
  const char *value;
  while (fn_request_next_header(request, &cursor, &name, &value)) line(response, name, value);
  return 0;
}

/** Each of these is refused; the answer says with what. */
static int illegal(fn_response *response) {
  const int results[] = {
      fn_response_status(response, 99),
      fn_response_status(response, 600),
      fn_response_header(response, "X A", "b"),
      fn_response_header(response, "", "b"),
      fn_response_header(response, "X-A", "b\r\nX-C: d"),
      fn_response_header(response, "Content-Length", "5"),
      fn_response_header(response, "connection", "close"),
      fn_response_content_type(response, "text\n"),
  };
  for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
    if (results[i] != FN_INVALID) return 1;
  }
  return fn_response_write(response, "refused", 7);
}

int fn_handle(fn_request *request, fn_response *response) {
  calls++;
  const char *what = fn_request_header(request, "x-do");
  size_t length;
  void *body = fn_request_body(request, &length);
  if (what == NULL) {
    const char *type = fn_request_content_type(request);
    if (*type != '\0') fn_response_content_type(response, type);
    return fn_response_body(response, body, length);
  }
  if (strcmp(what, "describe") == 0) return describe(request, response);
  if (strcmp(what, "illegal") == 0) return illegal(response);
  if (strcmp(what, "fail") == 0) {
    fn_response_write(response, "dropped", 7);
    fn_response_status(response, 201);
    return -7;
  }
  if (strcmp(what, "crash") == 0) abort();
  if (strcmp(what, "exit") == 0) exit(3);
  if (strcmp(what, "answer") == 0) {
    fn_response_status(response, 418);
    fn_response_header(response, "X-Made", "one");
    fn_response_header(response, "X-Made", "two");
    fn_response_header(response, "content-type", "text/x-first");
    fn_response_content_type(response, "text/x-tea");
    return fn_response_write(response, "short and stout", 15);
  }
  if (strcmp(what, "bodies") == 0) {
    char *mine = fn_alloc(request, 3);
    memcpy(mine, "abc", 3);
    fn_response_write(response, "gone", 4);
    fn_response_body(response, mine, 3);
    return fn_response_write(response, "def", 3);
  }
  if (strcmp(what, "count") == 0) {
    char number[64];
    const int size = snprintf(number, sizeof number, "started %d, call %d", started, calls);
    return fn_response_write(response, number, (size_t)size);
  }
  if (strcmp(what, "log") == 0) {
    printf("said on stdout\n");
    fprintf(stderr, "said on stderr\n");
    return 0;
  }
  return 1;
}
