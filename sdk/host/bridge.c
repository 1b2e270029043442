/**
 * A server that can only listen on a port, in a network namespace where nobody else is: each connection to a Unix socket outside
 * is joined with one to that port.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fail.h"
#include "modes.h"

enum { MAX_LINKS = 512, HALF_BYTES = 32 * 1024, BACKLOG = 512, PROBE_MS = 100, LONGEST_PAUSE_MS = 32 };

/** One way of a link: read from its source, not yet written to its sink. */
struct half {
  size_t start, end;
  bool source_ended, sink_told;
  unsigned char bytes[HALF_BYTES];
};

enum side { CLIENT, SERVER };

struct link {
  int fds[2];
  bool connecting, over;
  /** Of the addresses of the machine itself, the one that is tried. */
  int family;
  /** By where they come from. */
  struct half from[2];
};

extern char **environ;
static struct link *links[MAX_LINKS];
static unsigned link_count;
static unsigned server_port;

static int listen_on(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path) fail(path, ENAMETOOLONG);
  strcpy(address.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail(path, errno);
  // It gets its name when it listens: whoever finds it can connect.
  address.sun_path[strlen(path) - 1] = '~';
  unlink(address.sun_path);
  const mode_t before = umask(0177);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0) fail(path, errno);
  umask(before);
  if (rename(address.sun_path, path) != 0) fail(path, errno);
  return fd;
}

/** @returns false when it was refused at once */
static bool connect_server(struct link *link, int family) {
  const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server_port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)server_port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  const int at_once = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const int result = family == AF_INET ? connect(fd, (const struct sockaddr *)&v4, sizeof v4)
                                       : connect(fd, (const struct sockaddr *)&v6, sizeof v6);
  if (result != 0 && errno != EINPROGRESS) {
    close(fd);
    return false;
  }
  link->fds[SERVER] = fd;
  link->family = family;
  link->connecting = result != 0;
  return true;
}

static void close_link(struct link *link) {
  for (int side = CLIENT; side <= SERVER; side++) {
    if (link->fds[side] >= 0) close(link->fds[side]);
  }
  free(link);
}

/** A server that listens no more is seen by the connection being closed. */
static void accept_client(int listener) {
  const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  struct link *link = malloc(sizeof *link);
  if (!link) {
    close(client);
    return;
  }
  memset(link, 0, offsetof(struct link, from));
  for (int side = CLIENT; side <= SERVER; side++) {
    link->from[side].start = link->from[side].end = 0;
    link->from[side].source_ended = link->from[side].sink_told = false;
  }
  link->fds[CLIENT] = client;
  link->fds[SERVER] = -1;
  if (connect_server(link, AF_INET) || connect_server(link, AF_INET6)) links[link_count++] = link;
  else close_link(link);
}

/** Servers that ask for "localhost" may be on either address. */
static void connected(struct link *link) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(link->fds[SERVER], SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  link->connecting = false;
  if (error == 0) return;
  close(link->fds[SERVER]);
  link->fds[SERVER] = -1;
  link->over = link->family != AF_INET || !connect_server(link, AF_INET6);
}

/** @returns whether the link goes on */
static bool move(struct half *half, int source, int sink, bool readable) {
  if (readable && half->start == half->end && !half->source_ended) {
    const ssize_t got = read(source, half->bytes, HALF_BYTES);
    half->start = 0;
    half->end = got > 0 ? (size_t)got : 0;
    if (got == 0) half->source_ended = true;
    if (got < 0 && errno != EAGAIN && errno != EINTR) return false;
  }
  if (half->start < half->end) {
    const ssize_t sent = send(sink, half->bytes + half->start, half->end - half->start, MSG_NOSIGNAL);
    if (sent > 0) half->start += (size_t)sent;
    else if (errno != EAGAIN && errno != EINTR) return false;
  }
  if (half->source_ended && half->start == half->end && !half->sink_told) {
    half->sink_told = true;
    (void)shutdown(sink, SHUT_WR);
  }
  return true;
}

/** Reading waits until what was read is written: so each side goes at the pace of the other. */
static struct pollfd wanted(const struct link *link, enum side side) {
  const struct half *in = &link->from[side], *out = &link->from[!side];
  if (link->connecting) return (struct pollfd){.fd = link->fds[side], .events = side == SERVER ? POLLOUT : 0};
  const bool read = in->start == in->end && !in->source_ended, write = out->start < out->end;
  return (struct pollfd){.fd = side == CLIENT || read || write ? link->fds[side] : -1,
                         .events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0))};
}

static void advance(struct link *link, short client, short server) {
  // Both ways: the client has not only said all it had to say, it is gone.
  if (client & (POLLHUP | POLLERR)) link->over = true;
  else if (link->connecting) {
    if (server != 0) connected(link);
  } else {
    struct half *requests = &link->from[CLIENT], *answers = &link->from[SERVER];
    link->over = !move(requests, link->fds[CLIENT], link->fds[SERVER], client & POLLIN) ||
                 !move(answers, link->fds[SERVER], link->fds[CLIENT], server & (POLLIN | POLLHUP | POLLERR)) ||
                 (requests->sink_told && answers->sink_told);
  }
}

/** What signals said. @returns whether the program, or whoever wants it, is gone */
static bool advance_program(struct program *program) {
  if (signals.terminate) kill(-program->pid, SIGTERM); // it may still answer what it was asked
  signals.terminate = 0;
  if (signals.child) {
    signals.child = 0;
    program_reap(program);
  }
  return program->ended || signals.orphaned;
}

static bool accepts(int family) {
  static struct link probe;
  if (!connect_server(&probe, family)) return false;
  struct pollfd connected = {.fd = probe.fds[SERVER], .events = POLLOUT};
  int error = 0;
  socklen_t length = sizeof error;
  const bool known = poll(&connected, 1, PROBE_MS) == 1 && getsockopt(connected.fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0;
  close(connected.fd);
  return known && error == 0;
}

/** Until the server listens, or is gone: a connection that finds somebody here finds somebody there, too. */
static void await_server(struct program *program) {
  for (long pause_ms = 1; !accepts(AF_INET) && !accepts(AF_INET6); pause_ms = pause_ms < LONGEST_PAUSE_MS ? 2 * pause_ms : pause_ms) {
    signals_wait(NULL, 0, &(struct timespec){.tv_nsec = pause_ms * 1000 * 1000});
    if (advance_program(program)) return;
  }
}

static void drop_finished(void) {
  unsigned kept = 0;
  for (unsigned at = 0; at < link_count; at++) {
    if (links[at]->over) close_link(links[at]);
    else links[kept++] = links[at];
  }
  link_count = kept;
}

static void turn(int listener) {
  static struct pollfd fds[1 + 2 * MAX_LINKS];
  const unsigned count = link_count;
  fds[0] = (struct pollfd){.fd = count < MAX_LINKS ? listener : -1, .events = POLLIN};
  for (unsigned at = 0; at < count; at++) {
    fds[1 + 2 * at] = wanted(links[at], CLIENT);
    fds[2 + 2 * at] = wanted(links[at], SERVER);
  }
  if (signals_wait(fds, 1 + 2 * count, NULL) == 0) return;
  for (unsigned at = 0; at < count; at++) {
    if (fds[1 + 2 * at].revents || fds[2 + 2 * at].revents) advance(links[at], fds[1 + 2 * at].revents, fds[2 + 2 * at].revents);
  }
  drop_finished();
  if (fds[0].revents) accept_client(listener);
}

_Noreturn void run_bridge(const char *path, unsigned port, const struct command *command) {
  programs_prepare();
  server_port = port;
  struct program program = {0};
  const int error = program_start(&program, command, environ, (const int[]){-1, -1, -1});
  if (error != 0) fail_to_run(command->argv[0], error);
  limits_lift_open_files();
  await_server(&program);
  if (!program.ended && !signals.orphaned) {
    const int listener = listen_on(path);
    while (!advance_program(&program)) turn(listener);
  }
  programs_end(&program);
  _exit(program.signal != 0 ? 128 + program.signal : program.exit_code);
}
