/**
 * Functions written against <fn/fdk.h>, in a context. The host puts its lines before the client's headers, so that no client can
 * pass for it; a call from a function has no head at all.
 */
#include <fn/fdk.h>
#include <weft/v1.h>

#include "fn-common.h"
#include "runtime.h"

/** Fn-Call-Id, Fn-Deadline, Fn-Http-Request-Url: see src/contracts/fn.ts. */
#define HOST_LINES 3

/** The hook is optional; what the header declares is made weak here alone. */
int fn_init(void) __attribute__((weak));

/** A memory has one request at a time, and its mailbox is all there is to know of it. */
static weft_request *request_of(void) { return (weft_request *)&weft_mailbox; }
static weft_response *response_of(void) { return (weft_response *)&weft_mailbox; }

/** Of the answer that is being made. */
static const char *content_type;

int weft_contract_init(void) { return fn_init == NULL ? 0 : fn_init(); }

int weft_contract_run(void) {
  content_type = NULL;
  const int result = fn_handle((fn_request *)&weft_mailbox, (fn_response *)&weft_mailbox);
  if (result != 0 || content_type == NULL) return result;
  return weft_response_header(response_of(), "Content-Type", content_type);
}

static const char *host_line(const char *name) {
  const char *value = weft_request_header(request_of(), name);
  return value == NULL ? "" : value;
}

static int from_client(void) { return weft_mailbox.in_head_length > 0; }

void *fn_request_body(fn_request *request, size_t *length) {
  (void)request;
  return weft_request_body(request_of(), length);
}

const char *fn_request_content_type(fn_request *request) {
  const char *type = fn_request_header(request, "Content-Type");
  return type == NULL ? "" : type;
}

const char *fn_request_call_id(fn_request *request) {
  (void)request;
  return host_line("Fn-Call-Id");
}

const char *fn_request_deadline(fn_request *request) {
  (void)request;
  return host_line("Fn-Deadline");
}

int64_t fn_request_deadline_ms(fn_request *request) { return fn_milliseconds(fn_request_deadline(request)); }

const char *fn_request_intent(fn_request *request) {
  (void)request;
  return from_client() ? "httprequest" : "";
}

const char *fn_request_method(fn_request *request) {
  (void)request;
  return weft_request_method(request_of());
}

const char *fn_request_url(fn_request *request) {
  (void)request;
  return host_line("Fn-Http-Request-Url");
}

int fn_request_next_header(fn_request *request, fn_header_cursor *cursor, const char **name, const char **value) {
  (void)request;
  weft_header_cursor at = {cursor->at_};
  if (at.at_ == 0) {
    for (int i = 0; i < HOST_LINES; i++) {
      if (!weft_request_next_header(request_of(), &at, name, value)) return 0;
    }
  }
  int found;
  // Fn's functions never see it among the headers: the URL has it.
  do found = weft_request_next_header(request_of(), &at, name, value);
  while (found && fn_same_name(*name, "Host"));
  cursor->at_ = at.at_;
  return found;
}

const char *fn_request_header(fn_request *request, const char *name) {
  fn_header_cursor cursor = {0};
  const char *found;
  const char *value;
  while (fn_request_next_header(request, &cursor, &found, &value)) {
    if (fn_same_name(found, name)) return value;
  }
  return NULL;
}

void *fn_alloc(fn_request *request, size_t size) {
  (void)request;
  return weft_alloc(size);
}

static int result_of(int error) {
  if (error == WEFT_OK) return FN_OK;
  return error == WEFT_NO_MEMORY ? FN_NO_MEMORY : FN_INVALID;
}

int fn_response_status(fn_response *response, int status) {
  (void)response;
  return result_of(weft_response_status(response_of(), status));
}

int fn_response_content_type(fn_response *response, const char *type) {
  (void)response;
  if (!fn_is_field(type)) return FN_INVALID;
  const size_t size = strlen(type) + 1;
  char *copy = weft_alloc(size);
  if (copy == NULL) return FN_NO_MEMORY;
  content_type = memcpy(copy, type, size);
  return FN_OK;
}

int fn_response_header(fn_response *response, const char *name, const char *value) {
  if (fn_is_framing(name)) return FN_INVALID;
  if (fn_same_name(name, "Content-Type")) return fn_response_content_type(response, value);
  return result_of(weft_response_header(response_of(), name, value));
}

int fn_response_write(fn_response *response, const void *data, size_t length) {
  (void)response;
  return result_of(weft_response_write(response_of(), data, length));
}

int fn_response_body(fn_response *response, const void *data, size_t length) {
  (void)response;
  return result_of(weft_response_body(response_of(), data, length));
}

const char *fn_config(const char *name) { return weft_env(name); }
