#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HALF_BYTES = 32 * 1024 };
enum side { CLIENT, SERVER };

/** Epoll tells of changes: that there is something to read, or room, holds until a read or a send says otherwise. */
struct end {
  int fd;
  bool readable;
  /** It has said all that it will: it is read until nothing is left. */
  bool finished;
  /** It took less than there was. */
  bool full;
  struct link *link;
};

/** One way of a link: read from its source, not yet written to its sink. */
struct half {
  size_t start, end;
  bool source_ended, sink_told;
  /** The sink takes no more. */
  bool refused;
  unsigned char bytes[HALF_BYTES];
};

struct link {
  struct end ends[2];
  int epoll;
  unsigned port;
  bool connecting, over;
  /** Of the addresses of the machine itself, the one that is tried. */
  int family;
  /** By where they come from. */
  struct half from[2];
};

int server_connect(unsigned port, int family) {
  const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int at_once = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const int result = family == AF_INET ? connect(fd, (const struct sockaddr *)&v4, sizeof v4)
                                       : connect(fd, (const struct sockaddr *)&v6, sizeof v6);
  if (result == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

static bool watch(struct end *end, int operation, uint32_t more) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET | more, .data = {.ptr = end}};
  return epoll_ctl(end->link->epoll, operation, end->fd, &event) == 0;
}

/** That it is connected, or refused, is told as room. @returns false when it was refused at once */
static bool connect_end(struct link *link, int family) {
  struct end *server = &link->ends[SERVER];
  server->fd = server_connect(link->port, family);
  if (server->fd < 0) return false;
  link->family = family;
  link->connecting = true;
  if (watch(server, EPOLL_CTL_ADD, EPOLLOUT)) return true;
  close(server->fd);
  server->fd = -1;
  return false;
}

struct link *link_open(int epoll, int client, unsigned port) {
  struct link *link = malloc(sizeof *link);
  if (!link) {
    close(client);
    return NULL;
  }
  memset(link, 0, offsetof(struct link, from));
  for (int side = CLIENT; side <= SERVER; side++) {
    struct half *half = &link->from[side];
    half->start = half->end = 0;
    half->source_ended = half->sink_told = half->refused = false;
    link->ends[side] = (struct end){.fd = -1, .link = link};
  }
  link->epoll = epoll;
  link->port = port;
  link->ends[CLIENT].fd = client;
  if (watch(&link->ends[CLIENT], EPOLL_CTL_ADD, 0) && (connect_end(link, AF_INET) || connect_end(link, AF_INET6))) return link;
  link_close(link);
  return NULL;
}

void link_close(struct link *link) {
  // Closed, they are no longer watched.
  for (int side = CLIENT; side <= SERVER; side++) {
    if (link->ends[side].fd >= 0) close(link->ends[side].fd);
  }
  free(link);
}

bool link_answered(const struct link *link) {
  return link->from[SERVER].sink_told;
}

bool link_over(const struct link *link) {
  return link->over;
}

/** Servers that ask for "localhost" may be on either address. A server that listens no more is seen by the connection being closed. */
static void connected(struct link *link) {
  struct end *server = &link->ends[SERVER];
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(server->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  link->connecting = false;
  if (error == 0) {
    link->over = !watch(server, EPOLL_CTL_MOD, 0);
    return;
  }
  close(server->fd);
  *server = (struct end){.fd = -1, .link = link};
  link->over = link->family != AF_INET || !connect_end(link, AF_INET6);
}

/** Reads once. @returns whether something came, or nothing will any more */
static bool take(struct half *half, struct end *source, bool *broken) {
  const ssize_t got = read(source->fd, half->bytes, HALF_BYTES);
  if (got < 0 && errno == EINTR) return true;
  half->start = 0;
  half->end = got > 0 ? (size_t)got : 0;
  half->source_ended = got == 0;
  *broken = got < 0 && errno != EAGAIN;
  // Less than there was room for was all; of more that comes, it will be told.
  if (got < HALF_BYTES && !source->finished) source->readable = false;
  if (got < 0) source->readable = false;
  return got >= 0;
}

/** Sends once. @returns whether the sink may take more */
static bool give(struct half *half, struct end *sink, bool *broken) {
  const ssize_t sent = send(sink->fd, half->bytes + half->start, half->end - half->start, MSG_NOSIGNAL);
  if (sent >= 0) half->start += (size_t)sent;
  else if (errno == EAGAIN) {
    sink->full = true;
    *broken = !watch(sink, EPOLL_CTL_MOD, EPOLLOUT);
  } else if (errno != EINTR) half->refused = true;
  return !*broken && !half->refused && !sink->full;
}

/** Reading waits until what was read is written: so each side goes at the pace of the other. @returns whether the link goes on */
static bool move(struct half *half, struct end *source, struct end *sink) {
  bool broken = false;
  for (bool moves = true; moves && !broken;) {
    if (half->start < half->end) moves = !sink->full && give(half, sink, &broken);
    else moves = source->readable && !half->source_ended && take(half, source, &broken);
  }
  if (half->source_ended && half->start == half->end && !half->sink_told) {
    half->sink_told = true;
    (void)shutdown(sink->fd, SHUT_WR);
  }
  return !broken;
}

/** A server that has heard enough may have answered before it closed: what it said is passed on, and nothing more is said to it. */
static bool move_requests(struct link *link) {
  struct half *half = &link->from[CLIENT];
  if (!half->refused && !move(half, &link->ends[CLIENT], &link->ends[SERVER])) return false;
  if (half->refused) half->sink_told = true;
  return true;
}

static bool move_answers(struct link *link) {
  struct half *half = &link->from[SERVER];
  return move(half, &link->ends[SERVER], &link->ends[CLIENT]) && !half->refused;
}

struct link *link_told(void *told, uint32_t events) {
  struct end *end = told;
  struct link *link = end->link;
  struct end *client = &link->ends[CLIENT], *server = &link->ends[SERVER];
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end->readable = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end->finished = true;
  if ((events & EPOLLOUT) && end->full) {
    end->full = false;
    link->over |= !watch(end, EPOLL_CTL_MOD, 0);
  }
  // Both ways: the client has not only said all it had to say, it is gone.
  if (end == client && (events & (EPOLLHUP | EPOLLERR))) link->over = true;
  if (end == server && link->connecting && !link->over) connected(link);
  if (link->connecting || link->over) return link;
  link->over = !move_requests(link) || !move_answers(link) || (link->from[CLIENT].sink_told && link->from[SERVER].sink_told);
  return link;
}
