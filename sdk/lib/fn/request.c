/** The request that fn_handle sees. All of its text lies in the bytes that came in. */
#include <stdlib.h>
#include <string.h>

#define FN_HTTP_HEADER "Fn-Http-H-"

struct fn_header {
  const char *name;
  const char *value;
};

/** Memory of one request. */
union fn_block {
  union fn_block *next;
  max_align_t aligned;
};

struct fn_request {
  char *body;
  size_t body_length;
  struct fn_header *headers;
  size_t header_count;
  size_t header_room;
  /** A client's HTTP request, whose headers have FN_HTTP_HEADER before their names. */
  int from_client;
  union fn_block *blocks;
};

static const char *fn_call_header(const fn_request *request, const char *name) {
  for (size_t i = 0; i < request->header_count; i++) {
    if (fn_same_name(request->headers[i].name, name)) return request->headers[i].value;
  }
  return NULL;
}

static const char *fn_or_empty(const char *text) { return text == NULL ? "" : text; }

/** The name that a client gave to a header of the call; NULL for those that are no client's. */
static const char *fn_client_name(const fn_request *request, const char *name) {
  if (!request->from_client || fn_same_name(name, "Content-Type")) return name;
  const char *c = name;
  for (const char *prefix = FN_HTTP_HEADER; *prefix != '\0'; prefix++, c++) {
    if (fn_lower(*c) != fn_lower(*prefix)) return NULL;
  }
  return c;
}

void *fn_request_body(fn_request *request, size_t *length) {
  *length = request->body_length;
  return request->body;
}

const char *fn_request_content_type(fn_request *request) { return fn_or_empty(fn_call_header(request, "Content-Type")); }

const char *fn_request_call_id(fn_request *request) { return fn_or_empty(fn_call_header(request, "Fn-Call-Id")); }

const char *fn_request_deadline(fn_request *request) { return fn_or_empty(fn_call_header(request, "Fn-Deadline")); }

int64_t fn_request_deadline_ms(fn_request *request) { return fn_milliseconds(fn_request_deadline(request)); }

const char *fn_request_intent(fn_request *request) { return fn_or_empty(fn_call_header(request, "Fn-Intent")); }

const char *fn_request_method(fn_request *request) {
  const char *method = request->from_client ? fn_call_header(request, "Fn-Http-Method") : NULL;
  return method == NULL ? "POST" : method;
}

const char *fn_request_url(fn_request *request) {
  return request->from_client ? fn_or_empty(fn_call_header(request, "Fn-Http-Request-Url")) : "";
}

int fn_request_next_header(fn_request *request, fn_header_cursor *cursor, const char **name, const char **value) {
  while (cursor->at_ < request->header_count) {
    const struct fn_header *header = &request->headers[cursor->at_++];
    *name = fn_client_name(request, header->name);
    *value = header->value;
    if (*name != NULL) return 1;
  }
  return 0;
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
  union fn_block *block = size > SIZE_MAX - sizeof *block ? NULL : (union fn_block *)malloc(sizeof *block + size);
  if (block == NULL) return NULL;
  block->next = request->blocks;
  request->blocks = block;
  return block + 1;
}

/** Keeps what can be used again. */
static void fn_request_end(fn_request *request) {
  while (request->blocks != NULL) {
    union fn_block *next = request->blocks->next;
    free(request->blocks);
    request->blocks = next;
  }
  request->header_count = 0;
}

/** 0 when there is no memory. */
static int fn_request_add(fn_request *request, const char *name, const char *value) {
  if (request->header_count == request->header_room) {
    const size_t room = request->header_room == 0 ? 32 : request->header_room * 2;
    void *grown = realloc(request->headers, room * sizeof *request->headers);
    if (grown == NULL) return 0;
    request->headers = (struct fn_header *)grown;
    request->header_room = room;
  }
  request->headers[request->header_count].name = name;
  request->headers[request->header_count++].value = value;
  return 1;
}

const char *fn_config(const char *name) { return getenv(name); }
