/** What weft-host and the platform say to each other on file descriptors 3 and 4 (README.md). */
#ifndef WEFT_HOST_FRAMES_H
#define WEFT_HOST_FRAMES_H

#include <stdint.h>

enum { FRAMES_IN = 3, FRAMES_OUT = 4, HEADER_BYTES = 8 };

enum frame {
  FRAME_RUN = 1,
  FRAME_CALL = 2,
  FRAME_INVOKED = 3,
  FRAME_KILL = 4,
  FRAME_FEED = 5,
  FRAME_READY = 16,
  FRAME_STDOUT = 17,
  FRAME_STDERR = 18,
  FRAME_END = 19,
  FRAME_RESULT = 20,
  FRAME_INVOKE = 21,
};

/** Little endian on every machine. */
static inline uint32_t get_u32(const unsigned char *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void put_u32(unsigned char *at, uint32_t value) {
  for (int byte = 0; byte < 4; byte++) at[byte] = (unsigned char)(value >> 8 * byte);
}

static inline void put_header(unsigned char *at, uint32_t length, enum frame type) {
  put_u32(at, length);
  put_u32(at + 4, type);
}

#endif
