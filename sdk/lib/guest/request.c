/** The request: its first line is split when somebody asks for what is in it, its headers are read where they lie. */
#include <weft/v1.h>

#include <string.h>

#include "runtime.h"

struct parts {
  uint32_t turn;
  /** The first line, while nobody has asked for what is in it. */
  char *line;
  const char *method;
  const char *path;
  const char *query;
  char *headers;
  size_t headers_length;
};

static const char ROUTE[] = "/function/";

/** Ends a word in place and gives what follows it: nothing, when the word is the last. */
static char *cut(char *word, char stop) {
  char *end = strchr(word, stop);
  if (end == NULL) return word + strlen(word);
  *end = '\0';
  return end + 1;
}

/** The target may be absolute ("http://host/path"), as proxies send it. Without strstr, which has tables of 1 KiB on its stack. */
static char *path_of(char *target) {
  if (*target == '/') return target;
  for (char *colon = strchr(target, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
    if (colon[1] == '/' && colon[2] == '/') return strchr(colon + 3, '/');
  }
  return target;
}

/** Path below the function's name. */
static const char *below_function(const char *path) {
  if (path == NULL) return "/";
  if (strncmp(path, ROUTE, sizeof ROUTE - 1) != 0) return *path == '\0' ? "/" : path;
  const char *rest = strchr(path + (sizeof ROUTE - 1), '/');
  return rest == NULL ? "/" : rest;
}

static void find_headers(struct parts *parts) {
  char *head = weft_mailbox.in_head;
  char *end = head + weft_mailbox.in_head_length;
  char *feed = memchr(head, '\n', weft_mailbox.in_head_length);
  char *line_end = feed == NULL ? end - 1 : feed;
  *line_end = '\0';
  parts->line = head;
  parts->headers = line_end + 1;
  parts->headers_length = (size_t)(end - parts->headers);
}

static void split_line(struct parts *parts) {
  char *target = cut(parts->line, ' ');
  cut(target, ' ');
  parts->method = parts->line;
  parts->query = cut(target, '?');
  parts->path = below_function(path_of(target));
  parts->line = NULL;
}

/** There is one request in a memory at a time, so its handle tells nothing that is not known here. */
static struct parts *parts_of(const weft_request *request) {
  static struct parts parts;
  (void)request;
  if (parts.turn == weft_turn) return &parts;
  parts = (struct parts){.turn = weft_turn, .method = "POST", .path = "/", .query = ""};
  if (weft_mailbox.in_head_length > 0) find_headers(&parts);
  return &parts;
}

static struct parts *line_of(const weft_request *request) {
  struct parts *parts = parts_of(request);
  if (parts->line != NULL) split_line(parts);
  return parts;
}

const char *weft_request_method(weft_request *request) { return line_of(request)->method; }

const char *weft_request_path(weft_request *request) { return line_of(request)->path; }

const char *weft_request_query(weft_request *request) { return line_of(request)->query; }

const char *weft_request_header(weft_request *request, const char *name) {
  const struct parts *parts = parts_of(request);
  return weft_head_find(parts->headers, parts->headers_length, name);
}

int weft_request_next_header(weft_request *request, weft_header_cursor *cursor, const char **name, const char **value) {
  const struct parts *parts = parts_of(request);
  return weft_head_next(parts->headers, parts->headers_length, &cursor->at_, name, value);
}
