/** Greets whom the body names: an HTTP server like any other, on the port that PORT names. It can be tried without Weft as well. */
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 8 };

/** Reads one request, and writes its answer. */
static void answer(FILE *in, FILE *out) {
  char line[8192], name[256];
  size_t length = 0;
  while (fgets(line, sizeof line, in) != NULL && strcmp(line, "\r\n") != 0)
    if (strncasecmp(line, "Content-Length:", 15) == 0) length = strtoul(line + 15, NULL, 10);
  const size_t read = fread(name, 1, length < sizeof name ? length : sizeof name, in);
  for (size_t at = read; at < length && getc(in) != EOF; at++) continue; /* more than a name */
  const size_t size = read > 0 ? read : 5;
  fprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n");
  fprintf(out, "Content-Length: %zu\r\nConnection: close\r\n\r\nHello, ", size + 9);
  fwrite(read > 0 ? name : "World", 1, size, out);
  fputs("!\n", out);
}

/** One connection after the other, a request each; what comes meanwhile waits in the kernel's queue. */
static void *serve(void *listener) {
  for (;;) {
    const int connection = accept(*(const int *)listener, NULL, NULL);
    if (connection < 0) continue;
    FILE *in = fdopen(connection, "r"), *out = fdopen(dup(connection), "w");
    if (in != NULL && out != NULL) answer(in, out);
    if (out != NULL) fclose(out);
    if (in != NULL) fclose(in);
  }
  return NULL;
}

int main(void) {
  const char *port = getenv("PORT");
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)atoi(port != NULL ? port : "8080")),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  signal(SIGPIPE, SIG_IGN); /* a client that leaves ends its connection, not the server */
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, SOMAXCONN) != 0) {
    perror("listen");
    return 1;
  }
  for (int at = 1; at < THREADS; at++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, &listener) != 0) break;
  }
  serve(&listener);
}
