/** The platform's end of the talk, for a library that is called: whole messages, one read and one write each when they are small. */
#ifndef WEFT_HOST_MESSAGES_H
#define WEFT_HOST_MESSAGES_H

#include <stddef.h>

#include "frames.h"

struct message {
  struct message *next;
  uint32_t type;
  size_t length;
  unsigned char payload[];
};

/** Waits for one. The process ends when the platform has closed its end. @returns the caller's, to be freed */
struct message *message_receive(void);
struct iovec;
/** Writes all of it, whatever it takes. */
void message_send(struct iovec *, int count);

#endif
