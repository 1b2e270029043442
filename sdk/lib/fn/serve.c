/**
 * One request at a time, on whatever connection it comes. Fn's agent opens one; others keep one idle, and a client that gave up
 * leaves one behind, so none of them may be in the way of the next. There are no timeouts: the platform has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FN_CONNECTIONS 32
/** A buffer that one large request has grown is given back behind it. */
#define FN_KEPT_BYTES ((size_t)1024 * 1024)
/** How long a connection that cannot be taken waits before it is tried again. */
#define FN_SHORTAGE_MS 20

/** The hook is optional; what the header declares is made weak here alone. */
int fn_init(void) __attribute__((weak));

/** A signal writes into it, so that whoever waits wakes up. */
static int fn_wake[2];

static void fn_stop(int signal) {
  (void)signal;
  const int error = errno;
  if (write(fn_wake[1], "", 1) < 0) errno = error;
  errno = error;
}

static void fn_catch_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = fn_stop;
  action.sa_flags = SA_RESTART;
  if (pipe(fn_wake) != 0) fn_give_up("Cannot make a pipe", strerror(errno));
  for (int i = 0; i < 2; i++) fcntl(fn_wake[i], F_SETFD, FD_CLOEXEC);
  fcntl(fn_wake[1], F_SETFL, O_NONBLOCK);
  // As process 1 of a container it would not even be ended by these, if nobody handled them.
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
}

static void fn_hang_up(struct fn_connection *connection) {
  close(connection->fd);
  connection->fd = -1;
  free(connection->in.data);
  memset(&connection->in, 0, sizeof connection->in);
}

/** An answer of the server's own. 0 when the other side is gone. */
static int fn_say(int fd, const char *status, const char *body, const char *more) {
  char head[256];
  const int length = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n", status,
                              strlen(body), more);
  return fn_send(fd, head, (size_t)length, body, strlen(body));
}

static int fn_is_call(const struct fn_connection *connection) {
  static const char call[] = "POST /call ";
  return connection->in.length >= sizeof call - 1 && memcmp(connection->in.data, call, sizeof call - 1) == 0;
}

/** An answer to HEAD has no body: what followed its head would be taken for the next answer. */
static int fn_say_not_found(const struct fn_connection *connection) {
  const int head_only = memcmp(connection->in.data, "HEAD ", 5) == 0; // a request is longer
  return fn_say(connection->fd, "404 Not Found", head_only ? "" : "calls are POST /call\n", "");
}

/** Runs the function for a whole request. 0: hang up. */
static int fn_serve_request(struct fn_connection *connection) {
  static fn_request request;
  static fn_response response;
  static struct fn_buffer head;
  if (!fn_is_call(connection)) return fn_say_not_found(connection);
  int served = 0;
  if (fn_split_request(connection, &request)) {
    const char *intent = fn_call_header(&request, "Fn-Intent");
    request.from_client = intent != NULL && strcmp(intent, "httprequest") == 0;
    fn_response_begin(&response, request.from_client);
    const int result = fn_handle(&request, &response);
    size_t length;
    const void *body = fn_response_bytes(&response, &length);
    if (result != 0) {
      served = fn_say(connection->fd, "502 Bad Gateway", "function failed\n", "Fn-Fdk-Version: " FN_FDK_VERSION "\r\n");
    } else if (fn_response_head(&response, &head)) {
      served = fn_send(connection->fd, head.data, head.length, body, length);
    }
    if (response.body.room > FN_KEPT_BYTES) {
      free(response.body.data);
      memset(&response.body, 0, sizeof response.body);
    }
  }
  fn_request_end(&request);
  return served;
}

/** Serves all that has come whole. 0: hang up. */
static int fn_serve_connection(struct fn_connection *connection) {
  for (;;) {
    const enum fn_progress progress = fn_progress_of(connection);
    if (progress == FN_BAD) {
      fn_say(connection->fd, connection->problem, "", "Connection: close\r\n");
      return 0;
    }
    if (progress == FN_MORE) {
      if (connection->head_end == 0 || !connection->expects) return 1;
      static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
      connection->expects = 0;
      return fn_send(connection->fd, go_on, sizeof go_on - 1, NULL, 0);
    }
    if (!fn_serve_request(connection) || !connection->keep_alive) return 0;
    fn_next_request(connection);
    if (connection->in.length == 0 && connection->in.room > FN_KEPT_BYTES) {
      free(connection->in.data);
      memset(&connection->in, 0, sizeof connection->in);
    }
    if (connection->in.length == 0) return 1;
  }
}

/** 0 when files or memory are short: whoever comes next waits where it is. */
static int fn_accept(int listener, struct fn_connection *connections) {
  for (int i = 0; i < FN_CONNECTIONS; i++) {
    if (connections[i].fd >= 0) continue;
    connections[i].fd = accept(listener, NULL, NULL);
    if (connections[i].fd < 0) return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
    fcntl(connections[i].fd, F_SETFD, FD_CLOEXEC);
    connections[i].end = 0;
    fn_next_request(&connections[i]);
    break;
  }
  return 1;
}

/** What to wait for: the wish to stop, new connections while there is room, requests. poll refuses to look at more than there may be files. */
static nfds_t fn_watched(struct pollfd *watched, int listener, const struct fn_connection *connections, int shortage) {
  int room = 0, used = 0;
  watched[0].fd = fn_wake[0];
  for (int i = 0; i < FN_CONNECTIONS; i++) {
    watched[2 + i].fd = connections[i].fd;
    if (connections[i].fd < 0) room = 1;
    else used = i + 1;
  }
  // poll passes over what is negative.
  watched[1].fd = room && !shortage ? listener : -1;
  for (int i = 0; i < 2 + FN_CONNECTIONS; i++) {
    watched[i].events = POLLIN;
    watched[i].revents = 0;
  }
  return (nfds_t)(2 + used);
}

static void fn_serve(int listener) {
  static struct fn_connection connections[FN_CONNECTIONS];
  struct pollfd watched[2 + FN_CONNECTIONS];
  int shortage = 0;
  for (int i = 0; i < FN_CONNECTIONS; i++) connections[i].fd = -1;
  for (;;) {
    // The listener stays readable: watched all the while, it would be asked in vain without a pause. A connection's end is seen at once.
    if (poll(watched, fn_watched(watched, listener, connections, shortage), shortage ? FN_SHORTAGE_MS : -1) < 0) {
      if (errno == EINTR) continue;
      fn_give_up("Cannot wait for requests", strerror(errno));
    }
    for (int i = 0; i < FN_CONNECTIONS; i++) {
      if (watched[2 + i].revents != 0 && !(fn_receive(&connections[i]) && fn_serve_connection(&connections[i])))
        fn_hang_up(&connections[i]);
    }
    if (watched[0].revents != 0) return;
    shortage = watched[1].revents != 0 && !fn_accept(listener, connections);
  }
}

int main(void) {
  // A log that comes late, or not at all because its program was killed, is of no use.
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  const char *path = fn_listener_path();
  fn_catch_signals();
  if (fn_init != NULL && fn_init() != 0) fn_give_up("fn_init failed", "");
  fn_serve(fn_listen(path));
  return 0;
}
