/**
 * Where the function listens, as Fn's agent wants to learn of it: the name in FN_LISTENER appears when all is ready behind it, as a
 * link to a socket beside it that anybody may write to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FN_UNIX "unix:"
#define FN_PHONY "phony"
#define FN_BACKLOG 16

/** What is removed at the end, by the process that made it and no child of it. */
static struct {
  int folder;
  pid_t owner;
  char link[sizeof(((struct sockaddr_un *)0)->sun_path)];
  char socket[sizeof(FN_PHONY) + sizeof(((struct sockaddr_un *)0)->sun_path)];
} fn_made;

static void fn_give_up(const char *what, const char *detail) {
  fprintf(stderr, "fn: %s%s%s\n", what, *detail == '\0' ? "" : ": ", detail);
  exit(1);
}

static void fn_remove_socket(void) {
  if (fn_made.owner != getpid()) return;
  unlinkat(fn_made.folder, fn_made.link, 0);
  unlinkat(fn_made.folder, fn_made.socket, 0);
}

/** The path in FN_LISTENER, when the environment is that of Fn's contract. */
static const char *fn_listener_path(void) {
  const char *format = getenv("FN_FORMAT");
  const char *listener = getenv("FN_LISTENER");
  if (format == NULL || strcmp(format, "http-stream") != 0)
    fn_give_up("FN_FORMAT is not \"http-stream\"; this program is a function, and Fn or Weft starts it", fn_or_empty(format));
  if (listener == NULL || strncmp(listener, FN_UNIX, sizeof FN_UNIX - 1) != 0)
    fn_give_up("FN_LISTENER is not \"unix:\" and a path", fn_or_empty(listener));
  const char *path = listener + (sizeof FN_UNIX - 1);
  if (*path == '\0' || path[strlen(path) - 1] == '/') fn_give_up("FN_LISTENER names no file", listener);
  if (strlen(path) >= sizeof fn_made.link) fn_give_up("FN_LISTENER is longer than the path of a socket can be", listener);
  return path;
}

/** Splits the path; the folder stays open, as its name need not lead there for ever. */
static int fn_open_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char folder[sizeof fn_made.link];
  const size_t length = slash == NULL ? 0 : (size_t)(slash - path);
  memcpy(folder, path, length);
  folder[length] = '\0';
  snprintf(fn_made.link, sizeof fn_made.link, "%s", slash == NULL ? path : slash + 1);
  snprintf(fn_made.socket, sizeof fn_made.socket, FN_PHONY "%s", fn_made.link);
  return open(slash == NULL ? "." : length == 0 ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/** A socket in that folder. From inside of it, so that its own name is all that has to fit. */
static int fn_bind(int folder, const char *name) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (strlen(name) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, name, strlen(name));
  const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (here < 0 || listener < 0 || fchdir(folder) != 0) return -1;
  const int bound = bind(listener, (const struct sockaddr *)&address, sizeof address);
  if (fchdir(here) != 0 || bound != 0) return -1;
  close(here);
  fcntl(listener, F_SETFD, FD_CLOEXEC);
  return listener;
}

/** Listens, then says so. Exits with an error that says why not. */
static int fn_listen(const char *path) {
  const int folder = fn_open_folder(path);
  if (folder < 0) fn_give_up("Cannot use the folder of FN_LISTENER", strerror(errno));
  fn_made.folder = folder;
  // Of one that ran here before, and was killed.
  unlinkat(folder, fn_made.link, 0);
  unlinkat(folder, fn_made.socket, 0);
  const int listener = fn_bind(folder, fn_made.socket);
  if (listener < 0) fn_give_up("Cannot make the socket of FN_LISTENER", strerror(errno));
  fn_made.owner = getpid();
  atexit(fn_remove_socket);
  if (fchmodat(folder, fn_made.socket, 0666, 0) != 0 || listen(listener, FN_BACKLOG) != 0 ||
      symlinkat(fn_made.socket, folder, fn_made.link) != 0)
    fn_give_up("Cannot listen at FN_LISTENER", strerror(errno));
  return listener;
}
