/** The answer that fn_handle makes, and its head as Fn's agent reads it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FN_FDK_VERSION "fdk-c/1.0.0"

/** A buffer that grows; kept from request to request. */
struct fn_buffer {
  char *data;
  size_t length;
  size_t room;
};

struct fn_response {
  int status;
  int from_client;
  struct fn_buffer type;
  /** Header lines. */
  struct fn_buffer head;
  struct fn_buffer body;
  /** The body, when it is not in `body`. */
  const void *lent;
  size_t lent_length;
};

/** Room for `more` bytes behind what is there; 0 when there is no memory. */
static int fn_buffer_room(struct fn_buffer *buffer, size_t more) {
  if (more <= buffer->room - buffer->length) return 1;
  if (more > SIZE_MAX / 4 || buffer->length > SIZE_MAX / 4) return 0;
  size_t room = buffer->room < 1024 ? 1024 : buffer->room;
  while (room < buffer->length + more) room *= 2;
  void *grown = realloc(buffer->data, room);
  if (grown == NULL) return 0;
  buffer->data = (char *)grown;
  buffer->room = room;
  return 1;
}

static int fn_buffer_add(struct fn_buffer *buffer, const void *data, size_t length) {
  if (!fn_buffer_room(buffer, length)) return 0;
  if (length > 0) memcpy(buffer->data + buffer->length, data, length);
  buffer->length += length;
  return 1;
}

static int fn_buffer_text(struct fn_buffer *buffer, const char *text) { return fn_buffer_add(buffer, text, strlen(text)); }

static void fn_response_begin(fn_response *response, int from_client) {
  response->status = 200;
  response->from_client = from_client;
  response->type.length = 0;
  response->head.length = 0;
  response->body.length = 0;
  response->lent = NULL;
  response->lent_length = 0;
}

int fn_response_status(fn_response *response, int status) {
  if (status < 200 || status > 599) return FN_INVALID;
  response->status = status;
  return FN_OK;
}

int fn_response_content_type(fn_response *response, const char *type) {
  if (!fn_is_field(type)) return FN_INVALID;
  const size_t before = response->type.length;
  response->type.length = 0;
  if (fn_buffer_add(&response->type, type, strlen(type))) return FN_OK;
  response->type.length = before;
  return FN_NO_MEMORY;
}

int fn_response_header(fn_response *response, const char *name, const char *value) {
  if (!fn_is_token(name) || !fn_is_field(value) || fn_is_framing(name)) return FN_INVALID;
  if (fn_same_name(name, "Content-Type")) return fn_response_content_type(response, value);
  struct fn_buffer *head = &response->head;
  const size_t before = head->length;
  if (fn_buffer_text(head, response->from_client ? FN_HTTP_HEADER : "") && fn_buffer_text(head, name) && fn_buffer_text(head, ": ") &&
      fn_buffer_text(head, value) && fn_buffer_text(head, "\r\n"))
    return FN_OK;
  head->length = before;
  return FN_NO_MEMORY;
}

int fn_response_write(fn_response *response, const void *data, size_t length) {
  if (response->lent != NULL) {
    // A body that was lent becomes the beginning of one that is gathered.
    response->body.length = 0;
    if (!fn_buffer_add(&response->body, response->lent, response->lent_length)) return FN_NO_MEMORY;
    response->lent = NULL;
  }
  return fn_buffer_add(&response->body, data, length) ? FN_OK : FN_NO_MEMORY;
}

int fn_response_body(fn_response *response, const void *data, size_t length) {
  response->body.length = 0;
  response->lent = length == 0 ? NULL : data;
  response->lent_length = length;
  return FN_OK;
}

static const void *fn_response_bytes(const fn_response *response, size_t *length) {
  *length = response->lent == NULL ? response->body.length : response->lent_length;
  return response->lent == NULL ? response->body.data : response->lent;
}

/** The whole head of an answer that succeeded; 0 when there is no memory. */
static int fn_response_head(const fn_response *response, struct fn_buffer *out) {
  char lines[128];
  size_t length;
  fn_response_bytes(response, &length);
  snprintf(lines, sizeof lines, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nFn-Http-Status: %d\r\n", length, response->status);
  out->length = 0;
  if (!fn_buffer_text(out, lines)) return 0;
  if (response->type.length > 0 &&
      !(fn_buffer_text(out, "Content-Type: ") && fn_buffer_add(out, response->type.data, response->type.length) &&
        fn_buffer_text(out, "\r\n")))
    return 0;
  return fn_buffer_add(out, response->head.data, response->head.length) &&
         fn_buffer_text(out, "Fn-Fdk-Version: " FN_FDK_VERSION "\r\nFn-Fdk-Runtime: c\r\n\r\n");
}
