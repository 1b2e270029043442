/*
 * A small HTTP/1.1 server with a thread for each connection, which does what its path says.
 * usage: server port NUMBER | server env | server unix PATH | server narrow PATH; "env": the port is in PORT. "narrow": it has one
 * connection at a time and closes each after its answer, taking its time, and hardly anybody may wait.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int sick;
static int narrow;

static void say(int client, const char *status, const char *body, size_t length) {
  char head[256];
  const char *const last = narrow ? "Connection: close\r\n" : "";
  const int size = snprintf(head, sizeof head, "HTTP/1.1 %s\r\n%sContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", status, last, length);
  if (write(client, head, (size_t)size) == size && length > 0) (void)!write(client, body, length);
}

static void say_text(int client, const char *text) { say(client, "200 OK", text, strlen(text)); }

static void stream(int client, long pieces) {
  static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  char piece[16384 + 16];
  const int size = snprintf(piece, sizeof piece, "4000\r\n");
  memset(piece + size, 'x', 0x4000);
  memcpy(piece + size + 0x4000, "\r\n", 2);
  (void)!write(client, head, sizeof head - 1);
  for (long n = 0; n < pieces; n++) {
    if (write(client, piece, (size_t)size + 0x4000 + 2) < 0) return;
  }
  (void)!write(client, "0\r\n\r\n", 5);
}

static void end_slowly(int signal) {
  (void)signal;
  usleep(300000);
  _exit(0);
}

/** Has a process of its own that needs all the memory there is, and outlives it. */
static void lose_child(void) {
  const pid_t child = fork();
  if (child == 0) for (;;) memset(malloc(1 << 20), 1, 1 << 20);
  waitpid(child, NULL, 0);
}

static void answer(int client, const char *path, const char *body, size_t length) {
  char text[64];
  if (!strcmp(path, "/pid")) {
    snprintf(text, sizeof text, "%d\n", (int)getpid());
    say_text(client, text);
  } else if (!strcmp(path, "/crash")) {
    fprintf(stderr, "the server is about to crash\n");
    raise(SIGSEGV);
  } else if (!strcmp(path, "/half")) {
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf";
    (void)!write(client, half, sizeof half - 1);
    usleep(50000);
    _exit(3);
  } else if (!strcmp(path, "/last")) {
    const size_t bytes = 8 * 1000 * 1000;
    char *const last = malloc(bytes);
    memset(last, 'x', bytes);
    say(client, "200 OK", last, bytes);
    _exit(0);
  } else if (!strcmp(path, "/hoard")) {
    static const char megabyte[1 << 20];
    FILE *const hoard = fopen("/srv/hoard", "w");
    for (int n = 0; n < 128; n++) fwrite(megabyte, sizeof megabyte, 1, hoard);
    fclose(hoard);
    say_text(client, "hoarded\n");
  } else if (!strcmp(path, "/hang")) pause();
  else if (!strcmp(path, "/slow")) {
    usleep(300000);
    say_text(client, "slow\n");
  } else if (!strcmp(path, "/stream")) stream(client, 640);
  else if (!strcmp(path, "/sicken")) {
    sick = 1;
    say_text(client, "sick\n");
  } else if (!strcmp(path, "/health")) {
    if (sick) say(client, "500 Sick", "", 0);
    else say_text(client, "well\n");
  } else if (!strcmp(path, "/ignore-term")) {
    signal(SIGTERM, SIG_IGN);
    say_text(client, "ignored\n");
  } else if (!strcmp(path, "/lose-child")) {
    lose_child();
    say_text(client, "lost\n");
  } else if (!strcmp(path, "/slow-term")) {
    signal(SIGTERM, end_slowly);
    say_text(client, "slowly\n");
  } else say(client, "200 OK", body, length);
}

static void *serve(void *argument) {
  const int client = (int)(long)argument;
  size_t room = 65536, have = 0;
  char *bytes = malloc(room + 1);
  for (;;) {
    const ssize_t got = read(client, bytes + have, room - have);
    if (got <= 0) break;
    have += (size_t)got;
    bytes[have] = '\0';
    char *end = strstr(bytes, "\r\n\r\n");
    if (!end) continue;
    const char *told = strcasestr(bytes, "\r\ncontent-length:");
    const size_t length = told && told < end ? strtoul(told + 17, NULL, 10) : 0;
    if (strstr(bytes, " /early ")) {
      // In one piece: what TCP holds back for company is thrown away by a close that leaves something unread.
      static const char refusal[] = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 10\r\n\r\ntoo large\n";
      (void)!write(client, refusal, sizeof refusal - 1);
      break;
    }
    const size_t head = (size_t)(end + 4 - bytes);
    if (head + length > room) {
      room = head + length;
      bytes = realloc(bytes, room + 1);
    }
    if (have < head + length) continue;
    char path[256] = "";
    sscanf(bytes, "%*s %255s", path);
    answer(client, path, bytes + head, length);
    have = 0;
    if (narrow) break;
  }
  close(client);
  free(bytes);
  return NULL;
}

static int listen_on(int argc, char **argv) {
  const char *const how = argc > 1 ? argv[1] : "env";
  int fd;
  narrow = !strcmp(how, "narrow");
  if (narrow || !strcmp(how, "unix")) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, argv[2], sizeof address.sun_path - 1);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  } else {
    const char *port = !strcmp(how, "port") ? argv[2] : getenv("PORT");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port ? port : "0")), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int again = 1;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  }
  return listen(fd, narrow ? 1 : 128) == 0 ? fd : -1;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && !strcmp(argv[1], "mute")) pause();
  if (argc > 1 && !strcmp(argv[1], "fail")) {
    fprintf(stderr, "there is no such thing as the configuration\n");
    return 9;
  }
  const int listener = listen_on(argc, argv);
  if (listener < 0) {
    perror("server");
    return 1;
  }
  fprintf(stderr, "the server is up\n");
  for (;;) {
    const long client = accept(listener, NULL, NULL);
    pthread_t thread;
    if (client < 0) continue;
    if (narrow) {
      usleep(20000);
      serve((void *)client);
      continue;
    }
    // Processes are counted for each user, and other tests run as the same one: then there may be no thread to be had.
    if (pthread_create(&thread, NULL, serve, (void *)client) == 0) pthread_detach(thread);
    else serve((void *)client);
  }
}
