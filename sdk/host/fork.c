/** A worker that runs its program anew for each request: nothing of one is there for the next. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fail.h"
#include "modes.h"
#include "streams.h"

enum {
  /** An environment is held whole; far more than the kernel gives a program with the usual stack it could not use anyway. */
  MAX_ENV_BYTES = 256 * 1024,
  RUN_HEAD_BYTES = HEADER_BYTES + 4,
};

static struct channel *const channel = &streams.channel;

/** Pointers to the strings of a block, each of which ends in NUL. */
static char **strings_of(char *block, size_t bytes) {
  size_t count = 0;
  for (size_t at = 0; at < bytes; at++) count += block[at] == '\0';
  char **strings = malloc((count + 1) * sizeof *strings);
  if (!strings) fail("environment", ENOMEM);
  char *next = block;
  for (size_t at = 0; at < count; at++) {
    strings[at] = next;
    while (*next++ != '\0') continue;
  }
  strings[count] = NULL;
  return strings;
}

/** @returns whether the frame was whole enough */
static bool begin(const struct command *command) {
  if (channel_waiting(channel) < RUN_HEAD_BYTES) return false;
  const unsigned char *at = channel_next(channel);
  const size_t payload = get_u32(at);
  const size_t env_bytes = get_u32(at + HEADER_BYTES);
  if (payload < 4 || env_bytes > payload - 4) fail_because("RUN", "its lengths contradict each other");
  const bool too_large = env_bytes > MAX_ENV_BYTES;
  if (!too_large && channel_waiting(channel) < RUN_HEAD_BYTES + env_bytes) return false;

  channel_take(channel, RUN_HEAD_BYTES);
  streams.feed = payload - 4;
  if (too_large) {
    streams_refuse(command, E2BIG);
    return true;
  }
  // The program has copies of them as soon as it runs, and then it has been started.
  char **env = strings_of((char *)channel->in + channel->in_start, env_bytes);
  streams_start(command, env, true);
  free(env);
  channel_take(channel, env_bytes);
  streams.feed -= env_bytes;
  return true;
}

/** What stands at the front of what came. @returns whether something was taken */
static bool next_frame(const struct command *command) {
  if (streams.feed > 0 || channel_waiting(channel) < HEADER_BYTES) return false;
  switch (get_u32(channel_next(channel) + 4)) {
    case FRAME_KILL: // of a request that is over, or was just killed
      channel_take(channel, HEADER_BYTES);
      return true;
    case FRAME_RUN:
      return begin(command);
    default:
      fail_because("frame", "not one that a worker of this kind takes");
  }
}

_Noreturn void run_fork(const struct command *command) {
  programs_prepare();
  streams_open();
  channel_send(channel, FRAME_READY, NULL, 0);
  bool clean = true;
  while (!channel->closed) {
    streams_feed();
    if (streams_asked_to_kill()) program_kill(&streams.program);
    if (streams.program.pid == 0 && !clean) clean = programs_sweep();
    // While a request runs, the next one waits where it is.
    const bool idle = streams.program.pid == 0 && clean && channel_flushed(channel);
    if (!idle || !next_frame(command)) streams_turn();
    if (streams.program.pid != 0) clean = false;
    if (streams.program.pid != 0 && streams_over()) streams_finish();
  }
  programs_end(&streams.program);
  _exit(0);
}
