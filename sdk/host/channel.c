#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"

void channel_open(struct channel *channel) {
  for (int fd = FRAMES_IN; fd <= FRAMES_OUT; fd++) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) fail("file descriptors 3 and 4", errno);
  }
  channel->closed = false;
  channel->in_start = channel->in_end = channel->out_start = channel->out_end = 0;
}

void channel_take(struct channel *channel, size_t bytes) {
  channel->in_start += bytes;
  if (channel->in_start == channel->in_end) channel->in_start = channel->in_end = 0;
}

void channel_read(struct channel *channel) {
  const size_t waiting = channel_waiting(channel);
  // No more is moved than was taken since the last time: so it costs no more than reading did, and there is room all the same.
  if (channel->in_start >= waiting) {
    memmove(channel->in, channel_next(channel), waiting);
    channel->in_start = 0;
    channel->in_end = waiting;
  }
  const size_t behind = sizeof channel->in - channel->in_end, wanted = CHANNEL_IN_BYTES - waiting;
  const ssize_t got = read(FRAMES_IN, channel->in + channel->in_end, behind < wanted ? behind : wanted);
  if (got > 0) channel->in_end += (size_t)got;
  else if (got == 0 || (errno != EAGAIN && errno != EINTR)) channel->closed = true;
}

void channel_write(struct channel *channel) {
  while (!channel_flushed(channel) && !channel->closed) {
    const ssize_t sent = write(FRAMES_OUT, channel->out + channel->out_start, channel->out_end - channel->out_start);
    if (sent > 0) channel->out_start += (size_t)sent;
    else if (errno == EAGAIN) return;
    else if (errno != EINTR) channel->closed = true;
  }
  channel->out_start = channel->out_end = 0;
}

void channel_send(struct channel *channel, enum frame type, const void *payload, size_t bytes) {
  unsigned char *at = channel->out + channel->out_end;
  put_header(at, (uint32_t)bytes, type);
  if (bytes > 0) memcpy(at + HEADER_BYTES, payload, bytes);
  channel->out_end += HEADER_BYTES + bytes;
  channel_write(channel);
}

long channel_pass(struct channel *channel, enum frame type, int fd, size_t at_most) {
  unsigned char *at = channel->out + channel->out_end;
  const ssize_t got = read(fd, at + HEADER_BYTES, at_most < PIECE_BYTES ? at_most : PIECE_BYTES);
  if (got <= 0) return got;
  put_header(at, (uint32_t)got, type);
  channel->out_end += HEADER_BYTES + (size_t)got;
  channel_write(channel);
  return got;
}
