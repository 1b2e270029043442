/** A worker whose program lives on: what is fed to it and what it answers is between it and the platform. */
#include <poll.h>
#include <unistd.h>

#include "fail.h"
#include "modes.h"
#include "streams.h"

extern char **environ;
static struct channel *const channel = &streams.channel;

/** @returns whether there was one */
static bool next_frame(void) {
  if (streams.feed > 0 || channel_waiting(channel) < HEADER_BYTES) return false;
  const unsigned char *at = channel_next(channel);
  const uint32_t type = get_u32(at + 4);
  if (type != FRAME_FEED && type != FRAME_KILL) fail_because("frame", "not one that a worker of this kind takes");
  if (type == FRAME_FEED) streams.feed = get_u32(at);
  channel_take(channel, HEADER_BYTES);
  return true;
}

_Noreturn void run_hot(const struct command *command) {
  programs_prepare();
  streams_open();
  const bool runs = streams_start(command, environ, false);
  if (runs) channel_send(channel, FRAME_READY, NULL, 0);
  while (runs && !channel->closed && !streams_over()) {
    streams_feed();
    if (streams_asked_to_kill()) program_kill(&streams.program);
    if (!next_frame()) streams_turn();
  }
  if (runs && streams_over()) streams_finish();
  while (!channel->closed && !channel_flushed(channel)) streams_turn();
  programs_end(&streams.program);
  _exit(0);
}
