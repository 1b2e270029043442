/**
 * A server that can only listen on a port, in a network namespace where nobody else is: each connection to a Unix socket outside
 * is joined with one to that port.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "link.h"
#include "modes.h"

enum { MAX_LINKS = 512, MAX_EVENTS = 64, BACKLOG = 512, PROBE_MS = 100, LONGEST_PAUSE_MS = 32, LAST_ANSWERS_MS = 3000, SHORTAGE_MS = 20 };

extern char **environ;
static unsigned server_port;

struct bridge {
  /** The listener is negative when nobody is joined any more. */
  int epoll, listener;
  unsigned links;
  /** Of files or memory: clients wait where they are, for SHORTAGE_MS or until something happens. */
  bool shortage;
};

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
  struct pollfd connected = {.fd = server_connect(server_port, family), .events = POLLOUT};
  if (connected.fd < 0) return false;
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

/** Those beyond MAX_LINKS wait where they are. */
static void watch_listener(const struct bridge *bridge, int operation) {
  if (bridge->listener < 0) return;
  const bool room = bridge->links < MAX_LINKS && !bridge->shortage;
  struct epoll_event event = {.events = room ? EPOLLIN : 0, .data = {.ptr = NULL}};
  if (epoll_ctl(bridge->epoll, operation, bridge->listener, &event) != 0) fail("epoll_ctl", errno);
}

/** Watched all the while, a listener whose clients cannot be taken would be asked in vain without a pause. */
static void set_shortage(struct bridge *bridge, bool shortage) {
  if (bridge->shortage == shortage) return;
  bridge->shortage = shortage;
  watch_listener(bridge, EPOLL_CTL_MOD);
}

/** A client that is taken finds a file for its connection to the server, too. @returns negative, with errno, for none */
static int take_client(const struct bridge *bridge) {
  const int for_server = fcntl(bridge->listener, F_DUPFD_CLOEXEC, 0);
  if (for_server < 0) return -1;
  const int client = accept4(bridge->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  const int error = errno;
  close(for_server);
  errno = error;
  return client;
}

static void accept_client(struct bridge *bridge) {
  const int client = take_client(bridge);
  if (client < 0) set_shortage(bridge, errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
  if (client < 0 || !link_open(bridge->epoll, client, server_port)) return;
  bridge->links++;
  if (bridge->links == MAX_LINKS) watch_listener(bridge, EPOLL_CTL_MOD);
}

static void close_finished(struct bridge *bridge, struct link *const finished[], unsigned count) {
  const bool were_many = bridge->links == MAX_LINKS;
  for (unsigned at = 0; at < count; at++) link_close(finished[at]);
  bridge->links -= count;
  if (were_many && count > 0) watch_listener(bridge, EPOLL_CTL_MOD);
}

static void turn(struct bridge *bridge, int at_most_ms) {
  struct epoll_event events[MAX_EVENTS];
  struct link *finished[MAX_EVENTS];
  unsigned count = 0;
  bool clients = false;
  const bool soon = bridge->shortage && (at_most_ms < 0 || at_most_ms > SHORTAGE_MS);
  const int told = signals_wait_epoll(bridge->epoll, events, MAX_EVENTS, soon ? SHORTAGE_MS : at_most_ms);
  for (int at = 0; at < told; at++) {
    if (events[at].data.ptr == NULL) {
      clients = true;
      continue;
    }
    struct link *link = link_told(events[at].data.ptr, events[at].events);
    // Both of its ends may be among the events: it is closed once, and after them.
    const bool over = link_over(link) || (bridge->listener < 0 && link_answered(link));
    bool known = !over;
    for (unsigned one = 0; one < count && !known; one++) known = finished[one] == link;
    if (!known) finished[count++] = link;
  }
  close_finished(bridge, finished, count);
  set_shortage(bridge, false);
  if (clients && bridge->listener >= 0) accept_client(bridge);
}

static int until_ms(const struct timespec *end) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int)((end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000);
}

/** A program that ends has not taken back what it wrote. All of it is in sockets now: how long it takes depends on who reads it. */
static void pass_on_last_answers(struct bridge *bridge) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += LAST_ANSWERS_MS / 1000;
  close(bridge->listener);
  bridge->listener = -1;
  for (int left = LAST_ANSWERS_MS; bridge->links > 0 && left > 0 && !signals.orphaned; left = until_ms(&end)) turn(bridge, left);
}

static void join(const char *path, struct program *program) {
  struct bridge bridge = {.epoll = epoll_create1(EPOLL_CLOEXEC), .listener = listen_on(path)};
  if (bridge.epoll < 0) fail("epoll_create1", errno);
  watch_listener(&bridge, EPOLL_CTL_ADD);
  // An answer is passed on when its server is done with it: to interrupt that one would only make it wait for its own processor.
  (void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
  while (!advance_program(program)) turn(&bridge, -1);
  // Nobody whom it left may go on answering in its name.
  programs_end(program);
  if (!signals.orphaned) pass_on_last_answers(&bridge);
}

_Noreturn void run_bridge(const char *path, unsigned port, const struct command *command) {
  programs_prepare();
  server_port = port;
  struct program program = {0};
  const int error = program_start(&program, command, environ, (const int[]){-1, -1, -1});
  if (error != 0) fail_to_run(command->argv[0], error);
  limits_lift_open_files();
  await_server(&program);
  if (!program.ended && !signals.orphaned) join(path, &program);
  programs_end(&program);
  _exit(program.signal != 0 ? 128 + program.signal : program.exit_code);
}
