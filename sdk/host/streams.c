#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fail.h"

struct streams streams;
static struct channel *const channel = &streams.channel;

static void close_end(int of) {
  if (streams.fds[of] >= 0) close(streams.fds[of]);
  streams.fds[of] = -1;
}

void streams_open(void) {
  channel_open(channel);
  for (int of = 0; of < 3; of++) streams.fds[of] = -1;
}

static void send_end(int exit_code, int signal) {
  unsigned char payload[8];
  put_u32(payload, (uint32_t)exit_code);
  put_u32(payload + 4, (uint32_t)signal);
  channel_send(channel, FRAME_END, payload, sizeof payload);
}

bool streams_refuse(const struct command *command, int error) {
  char why[256];
  const int length = snprintf(why, sizeof why, "weft-host: cannot run %.128s: %s\n", command->argv[0], strerror(error));
  if (length > 0) channel_send(channel, FRAME_STDERR, why, (size_t)length < sizeof why ? (size_t)length : sizeof why - 1);
  send_end(exit_code_of(error), 0);
  return false;
}

/** @returns 0 or an errno; `theirs` and `ours` hold what was opened then, too. */
static int open_pipes(int theirs[3], int ours[3], bool joins_errors) {
  for (int of = 0; of < (joins_errors ? 2 : 3); of++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    theirs[of] = ends[of == 0 ? 0 : 1];
    ours[of] = ends[of == 0 ? 1 : 0];
    if (fcntl(ours[of], F_SETFL, O_NONBLOCK) != 0) return errno;
  }
  if (!joins_errors) return 0;
  theirs[2] = fcntl(theirs[1], F_DUPFD_CLOEXEC, 0);
  return theirs[2] < 0 ? errno : 0;
}

bool streams_start(const struct command *command, char *const *env, bool ends_with_feed) {
  int theirs[3] = {-1, -1, -1};
  int error = open_pipes(theirs, streams.fds, command->joins_errors);
  if (error == 0) error = program_start(&streams.program, command, env, theirs);
  for (int of = 0; of < 3; of++) {
    if (theirs[of] >= 0) close(theirs[of]);
    if (error != 0) close_end(of);
  }
  if (error != 0) return streams_refuse(command, error);
  streams.ends_with_feed = ends_with_feed;
  return true;
}

static void feed_some(void) {
  const size_t waiting = channel_waiting(channel);
  const size_t bytes = waiting < streams.feed ? waiting : streams.feed;
  if (bytes == 0) return;
  ssize_t written = (ssize_t)bytes;
  if (streams.fds[0] >= 0) {
    written = write(streams.fds[0], channel_next(channel), bytes);
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (written < 0) { // it has closed its input, or is gone: the rest is for nobody
      close_end(0);
      written = (ssize_t)bytes;
    }
  }
  channel_take(channel, (size_t)written);
  streams.feed -= (size_t)written;
}

void streams_feed(void) {
  feed_some();
  if (streams.feed == 0 && streams.ends_with_feed) close_end(0);
}

/** What the program wrote, to the platform. Once it ended, only what it had written: others may have its pipes and go on. */
static void pass(int of) {
  if (streams.fds[of] < 0 || !channel_flushed(channel)) return;
  const bool ended = streams.program.ended;
  if (ended && streams.left[of] == 0) {
    close_end(of);
    return;
  }
  const long got = channel_pass(channel, of == 1 ? FRAME_STDOUT : FRAME_STDERR, streams.fds[of], ended ? streams.left[of] : PIECE_BYTES);
  if (got > 0 && ended) streams.left[of] -= (size_t)got;
  else if (got == 0 || (got < 0 && errno != EINTR && (ended || errno != EAGAIN))) close_end(of);
}

static void note_end(void) {
  const bool before = streams.program.ended;
  program_reap(&streams.program);
  if (before || !streams.program.ended) return;
  close_end(0);
  for (int of = 1; of < 3; of++) {
    int bytes = 0;
    if (streams.fds[of] >= 0 && ioctl(streams.fds[of], FIONREAD, &bytes) == 0) streams.left[of] = (size_t)bytes;
  }
}

/** An end is looked at only when there is something to do with it: that it broke is said again and again. */
static struct pollfd wanted(int fd, bool condition, short events) {
  return (struct pollfd){.fd = condition ? fd : -1, .events = events};
}

void streams_turn(void) {
  const bool quiet = channel_flushed(channel);
  const bool hungry = streams.feed > 0 && channel_waiting(channel) > 0;
  struct pollfd fds[] = {
      {.fd = FRAMES_IN, .events = channel_has_room(channel) ? POLLIN : 0},
      wanted(FRAMES_OUT, !quiet, POLLOUT),
      wanted(streams.fds[0], hungry, POLLOUT),
      wanted(streams.fds[1], quiet, POLLIN),
      wanted(streams.fds[2], quiet, POLLIN),
  };
  if (signals.orphaned || signals.terminate) channel->closed = true;
  if (!channel->closed && signals_wait(fds, sizeof fds / sizeof *fds, NULL) > 0) {
    if (fds[1].revents & (POLLOUT | POLLERR)) channel_write(channel);
    if (fds[0].revents & POLLIN) channel_read(channel);
    else if (fds[0].revents & (POLLHUP | POLLERR)) channel->closed = true;
  }
  if (signals.child) {
    signals.child = 0;
    note_end();
  }
  pass(streams.errors_first ? 2 : 1);
  pass(streams.errors_first ? 1 : 2);
  streams.errors_first = !streams.errors_first; // so that a flood of one does not hold up the other
}

bool streams_asked_to_kill(void) {
  if (channel_waiting(channel) < streams.feed + HEADER_BYTES) return false;
  return get_u32(channel_next(channel) + streams.feed + 4) == FRAME_KILL;
}

bool streams_over(void) {
  return streams.program.ended && streams.fds[1] < 0 && streams.fds[2] < 0;
}

void streams_finish(void) {
  send_end(streams.program.exit_code, streams.program.signal);
  streams.program = (struct program){0};
  streams.ends_with_feed = false;
}
