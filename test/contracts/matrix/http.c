/* A small HTTP/1.1 server, a thread a connection: what a container or a program of somebody else's may look like. */
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "behaviour.h"

enum { HEAD_BYTES = 16 * 1024 };

struct request {
  char head[HEAD_BYTES];
  size_t head_length;
  char *body;
  size_t length;
};

static int put(int fd, const char *data, size_t length) {
  while (length > 0) {
    const ssize_t put = write(fd, data, length);
    if (put <= 0) return -1;
    data += put;
    length -= (size_t)put;
  }
  return 0;
}

static int answer(int fd, int status, const char *body, size_t length) {
  char head[128];
  const int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", status, length);
  return put(fd, head, (size_t)n) != 0 ? -1 : put(fd, body, length);
}

/* The value of a header, ended by a NUL; the name with its colon. */
static const char *header(struct request *request, const char *name) {
  for (char *line = request->head; line != NULL && *line != '\0'; line = strstr(line, "\r\n"), line = line != NULL ? line + 2 : NULL) {
    if (strncasecmp(line, name, strlen(name)) != 0) continue;
    char *value = line + strlen(name);
    while (*value == ' ') value++;
    value[strcspn(value, "\r")] = '\0';
    return value;
  }
  return NULL;
}

static int receive(int fd, struct request *request) {
  char *end = NULL;
  size_t have = 0;
  while (end == NULL) {
    if (have == HEAD_BYTES - 1) return -1;
    const ssize_t got = read(fd, request->head + have, HEAD_BYTES - 1 - have);
    if (got <= 0) return -1;
    have += (size_t)got;
    request->head[have] = '\0';
    end = strstr(request->head, "\r\n\r\n");
  }
  const size_t over = have - (size_t)(end + 4 - request->head);
  char *rest = (char *)malloc(over + 1);
  if (rest == NULL) return -1;
  memcpy(rest, end + 4, over);
  end[2] = '\0';
  const char *told = header(request, "Content-Length:");
  request->length = told != NULL ? strtoul(told, NULL, 10) : 0;
  if (told != NULL) request->head[strlen(request->head)] = '\r';
  request->body = (char *)malloc(request->length + 1);
  if (request->body == NULL || over > request->length) return -1;
  memcpy(request->body, rest, over);
  free(rest);
  for (size_t at = over; at < request->length;) {
    const ssize_t got = read(fd, request->body + at, request->length - at);
    if (got <= 0) return -1;
    at += (size_t)got;
  }
  return 0;
}

static int respond(int fd, struct request *request) {
  switch (behaviour_of(request->body, request->length)) {
    case ECHO:
      return answer(fd, 200, request->body, request->length);
    case CRASH:
      crash();
      return 0;
    case SPIN:
      hang();
      return 0;
    case FLOOD: {
      static const char piece[FLOOD_BYTES];
      char head[128];
      const int n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", (size_t)FLOOD_BYTES * FLOOD_PIECES);
      if (put(fd, head, (size_t)n) != 0) return -1;
      for (int i = 0; i < FLOOD_PIECES; i++)
        if (put(fd, piece, sizeof piece) != 0) return -1;
      return 0;
    }
    case HEADER: {
      const char *value = header(request, "X-Case:");
      return value == NULL ? answer(fd, 400, "", 0) : answer(fd, 200, value, strlen(value));
    }
    case FAIL:
    case CALL:
      return answer(fd, 500, "failed", 6);
  }
  return -1;
}

static void *serve(void *argument) {
  const int fd = (int)(size_t)argument;
  struct request *request = (struct request *)malloc(sizeof *request);
  while (request != NULL && receive(fd, request) == 0) {
    const int over = respond(fd, request);
    free(request->body);
    if (over != 0) break;
  }
  free(request);
  close(fd);
  return NULL;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const char *port = getenv("PORT");
  const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port != NULL ? port : "8080"))};
  const int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0) {
    perror("listen");
    return 1;
  }
  for (;;) {
    const int fd = accept(listener, NULL, NULL);
    pthread_t thread;
    if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(size_t)fd) == 0) pthread_detach(thread);
  }
}
