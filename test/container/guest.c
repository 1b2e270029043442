/*
 * The one program of the images that tests make: what it does says its first argument. Linked statically, it needs nothing else.
 *   server            HTTP on the port in PORT, or 8080; as many requests at once as there are
 *   fn HOW            Fn's contract; HOW is: well, or how it misbehaves
 *   filter WHAT       standard input to standard output
 *   hot               a line in, a line out
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;
static const char *how = "well";
static int connections;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void write_all(int out, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(out, bytes, length);
    if (written <= 0) return;
    bytes += written;
    length -= (size_t)written;
  }
}

/* Takes memory until it is killed. */
static void eat_memory(void) {
  for (;;) {
    char *page = malloc(1 << 20);
    if (page) memset(page, 1, 1 << 20);
  }
}

/* What it may do and is, as lines. */
static size_t describe(char *text, size_t room) {
  size_t at = 0;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  at += (size_t)snprintf(text + at, room - at, "uid %d\ngid %d\nnofile %llu\n", getuid(), getgid(), (unsigned long long)files.rlim_cur);
  at += (size_t)snprintf(text + at, room - at, "root %s\n", open("/written", O_CREAT | O_WRONLY, 0600) < 0 ? "read-only" : "writable");
  at += (size_t)snprintf(text + at, room - at, "tmp %s\n", open("/tmp/written", O_CREAT | O_WRONLY, 0600) < 0 ? "read-only" : "writable");
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  while (status && fgets(line, sizeof line, status)) {
    if (strncmp(line, "CapBnd", 6) == 0 || strncmp(line, "NoNewPrivs", 10) == 0) at += (size_t)snprintf(text + at, room - at, "%s", line);
  }
  for (char **name = environ; *name; name++) at += (size_t)snprintf(text + at, room - at, "env %s\n", *name);
  return at;
}

static void answer(int out, int status, const char *headers, const char *body, size_t length) {
  /* In one piece: a small second one would wait for the acknowledgement of the first. */
  char *whole = malloc(1024 + length);
  size_t size = (size_t)snprintf(whole, 1024, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status, length, headers);
  memcpy(whole + size, body, length);
  write_all(out, whole, size + length);
  free(whole);
}

static void stream(int out, long pieces) {
  static char piece[65536];
  char size[32];
  memset(piece, 'x', sizeof piece);
  write_all(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 47);
  for (long i = 0; i < pieces; i++) {
    write_all(out, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", sizeof piece));
    write_all(out, piece, sizeof piece);
    write_all(out, "\r\n", 2);
  }
  write_all(out, "0\r\n\r\n", 5);
}

static void print_file(int out, const char *path) {
  char content[4096];
  int file = open(path, O_RDONLY);
  ssize_t length = file < 0 ? -1 : read(file, content, sizeof content);
  if (length < 0) answer(out, 404, "", "", 0);
  else answer(out, 200, "", content, (size_t)length);
}

/* Lines, more than anybody reads. */
static void flood(int out, size_t bytes) {
  static char lines[65536];
  for (size_t at = 0; at < sizeof lines; at += 2) memcpy(lines + at, "a\n", 2);
  for (; bytes > sizeof lines; bytes -= sizeof lines) write_all(out, lines, sizeof lines);
  write_all(out, lines, bytes);
}

static void serve_request(int out, const char *method, const char *target, const char *body, size_t length) {
  char text[16384];
  if (strcmp(target, "/crash") == 0 || strcmp(how, "crashes") == 0) {
    fprintf(stderr, "about to crash\n");
    raise(SIGSEGV);
  }
  if (strcmp(target, "/exit") == 0) {
    fprintf(stderr, "no more\n");
    exit(3);
  }
  if (strcmp(target, "/eat") == 0) eat_memory();
  if (strcmp(target, "/hang") == 0 || strcmp(how, "hangs") == 0) sleep(1000);
  if (strcmp(target, "/pause") == 0) usleep(300 * 1000);
  if (strncmp(target, "/flood/", 7) == 0) {
    flood(2, (size_t)atol(target + 7));
    fprintf(stderr, "flooded\n");
    answer(out, 200, "", "", 0);
  } else if (strncmp(target, "/stream/", 8) == 0) stream(out, atol(target + 8));
  else if (strncmp(target, "/file/", 6) == 0) print_file(out, target + 5);
  else if (strcmp(target, "/facts") == 0 || strcmp(how, "facts") == 0) answer(out, 200, "", text, describe(text, sizeof text));
  else if (strcmp(target, "/log") == 0) {
    printf("printed\n");
    fflush(stdout);
    fprintf(stderr, "complained\n");
    answer(out, 200, "", "", 0);
  } else if (strcmp(how, "well") == 0) {
    char headers[256];
    snprintf(headers, sizeof headers, "X-Method: %s\r\nX-Connections: %d\r\nX-Host: ", method, connections);
    gethostname(headers + strlen(headers), 64);
    strcat(headers, "\r\n");
    answer(out, 200, headers, body, length);
  } else answer(out, atoi(how), "", body, length);
}

/* Request after request of one connection. */
static void *serve(void *argument) {
  int socket = (int)(long)argument;
  FILE *in = fdopen(socket, "r");
  char line[8192], method[16], target[4096];
  while (fgets(line, sizeof line, in)) {
    size_t length = 0;
    if (sscanf(line, "%15s %4095s", method, target) != 2) break;
    while (fgets(line, sizeof line, in) && line[0] != '\r') {
      if (strncasecmp(line, "content-length:", 15) == 0) length = strtoul(line + 15, NULL, 10);
    }
    char *body = malloc(length + 1);
    if (fread(body, 1, length, in) != length) break;
    serve_request(socket, method, target, body, length);
    free(body);
  }
  fclose(in);
  return NULL;
}

static void accept_all(int listener) {
  for (;;) {
    pthread_t thread;
    int socket = accept(listener, NULL, NULL);
    if (socket < 0) continue;
    connections++;
    pthread_create(&thread, NULL, serve, (void *)(long)socket);
    pthread_detach(thread);
  }
}

static int server(void) {
  const char *given = getenv("PORT");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(given ? given : "8080"))};
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  const char *late = getenv("LATE_MS");
  if (late) usleep((unsigned)atoi(late) * 1000);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  listen(listener, 128);
  accept_all(listener);
  return 0;
}

/* Folder in folder, until no path is long enough for the innermost. */
static void dig(const char *folder) {
  if (chdir(folder) < 0) die("chdir");
  for (int depth = 0; depth < 3000; depth++)
    if (mkdir("deep", 0700) < 0 || chdir("deep") < 0) die("mkdir");
}

static void hoard(const char *folder) {
  static const char megabyte[1 << 20];
  char path[4096];
  snprintf(path, sizeof path, "%s/hoard", folder);
  FILE *file = fopen(path, "w");
  if (!file) die("hoard");
  for (int n = 0; n < 128; n++) fwrite(megabyte, sizeof megabyte, 1, file);
}

static int fn(void) {
  const char *path = getenv("FN_LISTENER");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (strcmp(how, "exits") == 0) {
    fprintf(stderr, "cannot go on\n");
    return 4;
  }
  if (strcmp(how, "silent") == 0) sleep(1000);
  if (!path || strncmp(path, "unix:", 5) != 0) return 5;
  path += 5;
  char *folder = strdup(path);
  *strrchr(folder, '/') = 0;
  if (strcmp(how, "hoards") == 0) {
    hoard(folder);
    how = "well";
  }
  if (strcmp(how, "digs") == 0) {
    dig(folder);
    how = "well";
  }
  if (strcmp(how, "file") == 0) {
    close(open(path, O_CREAT | O_WRONLY, 0666));
    sleep(1000);
  }
  snprintf(address.sun_path, sizeof address.sun_path, "%s/phonylsnr.sock", folder);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  chmod(address.sun_path, 0666);
  listen(listener, 16);
  if (strcmp(how, "flickers") == 0) {
    for (int time = 0; time < 3000; time++) {
      if (symlink("phonylsnr.sock", path) < 0 || unlink(path) < 0) die("flicker");
    }
    how = "well";
  }
  if (symlink(strcmp(how, "absolute") == 0 ? address.sun_path : "phonylsnr.sock", path) < 0) die("symlink");
  accept_all(listener);
  return 0;
}

static int filter(int count, char **arguments) {
  static char buffer[65536];
  ssize_t length;
  char text[16384];
  if (strcmp(how, "exit") == 0) {
    fprintf(stderr, "a reason\n");
    printf("half an answer");
    return atoi(arguments[0]);
  }
  if (strcmp(how, "crash") == 0) raise(SIGSEGV);
  if (strcmp(how, "eat") == 0) eat_memory();
  if (strcmp(how, "hang") == 0) sleep(1000);
  if (strcmp(how, "flood") == 0)
    for (;;) write_all(1, buffer, sizeof buffer);
  if (strcmp(how, "facts") == 0) write_all(1, text, describe(text, sizeof text));
  for (int i = 0; i < count; i++) fprintf(stderr, "%s\n", arguments[i]);
  while ((length = read(0, buffer, sizeof buffer)) > 0) {
    for (ssize_t i = 0; i < length; i++) buffer[i] = (char)toupper((unsigned char)buffer[i]);
    write_all(1, buffer, (size_t)length);
  }
  return 0;
}

static int hot(void) {
  char line[65536];
  if (strcmp(how, "greets") == 0) {
    usleep(100 * 1000); /* a line before it is known to run is not noticed */
    printf("ready\n");
    fflush(stdout);
  }
  for (int count = 1; fgets(line, sizeof line, stdin); count++) {
    if (strcmp(line, "crash\n") == 0) {
      fprintf(stderr, "about to crash\n");
      raise(SIGSEGV);
    }
    if (strcmp(line, "hang\n") == 0) sleep(1000);
    printf("%d %s", count, line);
    if (strcmp(line, "babble\n") == 0) printf("and more");
    /* In one piece with the answer: what came later could be taken for the next. */
    while (strcmp(line, "drown\n") == 0) printf("more\n");
    fflush(stdout);
  }
  return 0;
}

int main(int count, char **arguments) {
  const char *what = count > 1 ? arguments[1] : "server";
  if (count > 2) how = arguments[2];
  signal(SIGPIPE, SIG_IGN);
  if (strcmp(what, "server") == 0) return server();
  if (strcmp(what, "fn") == 0) return fn();
  if (strcmp(what, "filter") == 0) return filter(count - 3, arguments + 3);
  if (strcmp(what, "hot") == 0) return hot();
  return 2;
}
