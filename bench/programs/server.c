/*
 * An HTTP/1.1 server that answers what it was sent, a thread a connection: a native function that Weft runs as a process, and that is
 * asked directly beside it. With WORK_US in its environment it computes for so long first, as a function that does something would.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BYTES = 64 * 1024 };

static long work_us;

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void work(void) {
  for (const double end = now_us() + (double)work_us; work_us > 0 && now_us() < end;) continue;
}

static void *serve(void *argument) {
  const int fd = (int)(size_t)argument;
  static _Thread_local char in[2 * MAX_BYTES], out[MAX_BYTES + 128];
  size_t have = 0;
  for (;;) {
    char *end;
    in[have] = '\0';
    while ((end = strstr(in, "\r\n\r\n")) == NULL) {
      const ssize_t got = have < MAX_BYTES ? read(fd, in + have, MAX_BYTES - have) : -1;
      if (got <= 0) goto over;
      have += (size_t)got;
      in[have] = '\0';
    }
    const char *told = strcasestr(in, "\r\ncontent-length:");
    const size_t length = told != NULL && told < end ? strtoul(told + 17, NULL, 10) : 0;
    const size_t head = (size_t)(end + 4 - in);
    if (length > MAX_BYTES - 1) goto over;
    while (have < head + length) {
      const ssize_t got = read(fd, in + have, sizeof in - 1 - have);
      if (got <= 0) goto over;
      have += (size_t)got;
    }
    work();
    const int n = snprintf(out, 128, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", length);
    memcpy(out + n, in + head, length);
    if (write(fd, out, (size_t)n + length) < 0) goto over;
    memmove(in, in + head + length, have - head - length);
    have -= head + length;
  }
over:
  close(fd);
  return NULL;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const char *port = getenv("PORT"), *us = getenv("WORK_US");
  work_us = us != NULL ? atol(us) : 0;
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
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (pthread_create(&thread, NULL, serve, (void *)(size_t)fd) == 0) pthread_detach(thread);
  }
}
