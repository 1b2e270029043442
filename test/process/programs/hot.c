/* A program of IronFunctions' format "http": reads request after request, and answers each on standard output. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Half a line before the answer, the rest and more after it. */
static void talk_later(void) {
  fprintf(stderr, "one line, half ");
  printf("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  fflush(stdout);
  usleep(100 * 1000);
  fprintf(stderr, "before its answer\nnobody asked\n");
}

/* More than is read at once, while nobody asks. */
static void flood_later(void) {
  static char lines[1 << 20];
  for (size_t at = 0; at < sizeof lines; at += 2) memcpy(lines + at, "a\n", 2);
  printf("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  fflush(stdout);
  for (int n = 0; n < 5; n++) fwrite(lines, 1, sizeof lines, stderr);
  fprintf(stderr, "flooded\n");
}

int main(void) {
  fprintf(stderr, "the hot one is up\n");
  char line[4096], body[65536];
  for (int count = 1;; count++) {
    size_t length = 0;
    for (;;) {
      if (!fgets(line, sizeof line, stdin)) return 0;
      if (!strcmp(line, "\r\n")) break;
      if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
    }
    length = fread(body, 1, length < sizeof body - 1 ? length : sizeof body - 1, stdin);
    body[length] = '\0';
    if (!strcmp(body, "crash")) {
      fprintf(stderr, "the hot one is about to crash\n");
      raise(SIGABRT);
    }
    if (!strcmp(body, "hang")) pause();
    if (!strcmp(body, "talk later")) {
      talk_later();
      continue;
    }
    if (!strcmp(body, "flood later")) {
      flood_later();
      continue;
    }
    if (!strcmp(body, "chatter")) printf("this is no HTTP at all\r\n\r\n");
    else if (!strcmp(body, "twice")) printf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
    else if (!strcmp(body, "count")) {
      const int digits = snprintf(body, sizeof body, "%d", count);
      printf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", digits, body);
    } else printf("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", length, body);
    fflush(stdout);
  }
}
