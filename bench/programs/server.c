/*
 * An HTTP/1.1 server of one thread that answers what it was sent: a native function that Weft runs as a process, and that is asked
 * directly beside it. With WORK_US in its environment it computes for so long first, as a function that does something would.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_HEAD = 4 * 1024, MAX_BODY = 64 * 1024, MAX_EVENTS = 64 };

struct connection {
  int fd;
  size_t have;
  char in[MAX_HEAD + MAX_BODY + 1];
};

static long work_us;

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void work(void) {
  for (const double end = now_us() + (double)work_us; work_us > 0 && now_us() < end;) continue;
}

static bool answer(int fd, const char *body, size_t bytes) {
  static char out[MAX_BODY + 128];
  work();
  const int n = snprintf(out, 128, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", bytes);
  memcpy(out + n, body, bytes);
  return write(fd, out, (size_t)n + bytes) == (ssize_t)((size_t)n + bytes);
}

/** Answers what has come in whole. @returns false when the connection is of no more use */
static bool serve(struct connection *connection) {
  char *in = connection->in;
  const ssize_t got = read(connection->fd, in + connection->have, sizeof connection->in - 1 - connection->have);
  if (got <= 0) return false;
  connection->have += (size_t)got;
  for (const char *end;;) {
    in[connection->have] = '\0';
    if ((end = strstr(in, "\r\n\r\n")) == NULL) return connection->have < MAX_HEAD;
    const char *told = strcasestr(in, "\r\ncontent-length:");
    const size_t length = told != NULL && told < end ? strtoul(told + 17, NULL, 10) : 0;
    const size_t head = (size_t)(end + 4 - in);
    if (head > MAX_HEAD || length > MAX_BODY) return false;
    if (connection->have < head + length) return true;
    if (!answer(connection->fd, in + head, length)) return false;
    connection->have -= head + length;
    memmove(in, in + head + length, connection->have);
  }
}

static void welcome(int epoll, int listener) {
  struct connection *connection = malloc(sizeof *connection);
  const int fd = accept(listener, NULL, NULL), yes = 1;
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
  if (fd >= 0 && connection != NULL) {
    connection->fd = fd;
    connection->have = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return;
  }
  if (fd >= 0) close(fd);
  free(connection);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const char *port = getenv("PORT"), *us = getenv("WORK_US");
  work_us = us != NULL ? atol(us) : 0;
  const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port != NULL ? port : "8080"))};
  const int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct epoll_event waiting = {.events = EPOLLIN, .data = {.ptr = NULL}}, events[MAX_EVENTS];
  if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0 ||
      epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &waiting) != 0) {
    perror("listen");
    return 1;
  }
  for (;;) {
    const int told = epoll_wait(epoll, events, MAX_EVENTS, -1);
    for (int i = 0; i < told; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection == NULL) {
        welcome(epoll, listener);
      } else if (!serve(connection)) {
        close(connection->fd);
        free(connection);
      }
    }
  }
}
