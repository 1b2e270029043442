/**
 * The platform's end of the talk, for programs whose streams are passed on: reads and writes never block, and what is held is
 * bounded. Whoever fills a side that is full waits, and so does, in turn, whoever fills that one.
 */
#ifndef WEFT_HOST_CHANNEL_H
#define WEFT_HOST_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "frames.h"

enum {
  /** Large, so that a KILL is seen behind the input of nearly every request that its program does not read. */
  CHANNEL_IN_BYTES = 512 * 1024,
  /** As much as a pipe holds. */
  PIECE_BYTES = 64 * 1024,
  /** One piece, and the small frames that may follow before it is gone. */
  CHANNEL_OUT_BYTES = HEADER_BYTES + PIECE_BYTES + 1024,
};

struct channel {
  /** The platform has closed its end, or is gone. */
  bool closed;
  size_t in_start, in_end;
  size_t out_start, out_end;
  /** Twice what is held, so that what waits is moved rarely. */
  unsigned char in[2 * CHANNEL_IN_BYTES];
  unsigned char out[CHANNEL_OUT_BYTES];
};

void channel_open(struct channel *);

/** Bytes that came and were not taken yet. */
static inline size_t channel_waiting(const struct channel *channel) { return channel->in_end - channel->in_start; }
static inline const unsigned char *channel_next(const struct channel *channel) { return channel->in + channel->in_start; }
void channel_take(struct channel *, size_t bytes);
static inline bool channel_has_room(const struct channel *channel) { return channel_waiting(channel) < CHANNEL_IN_BYTES; }
/** Reads what there is. */
void channel_read(struct channel *);

static inline bool channel_flushed(const struct channel *channel) { return channel->out_start == channel->out_end; }
/** Writes what the socket takes. */
void channel_write(struct channel *);
/** A small frame; it always finds room (CHANNEL_OUT_BYTES). */
void channel_send(struct channel *, enum frame, const void *payload, size_t bytes);
/** A frame of up to PIECE_BYTES that `fd` has to give, when all before is gone. @returns what read() returned */
long channel_pass(struct channel *, enum frame, int fd, size_t at_most);

#endif
