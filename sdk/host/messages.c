#include "messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fail.h"

/** What was read of the message that comes next; a large one goes where it belongs without passing through here. */
static unsigned char ahead[64 * 1024];
static size_t ahead_bytes;

static size_t read_some(unsigned char *into, size_t room) {
  for (;;) {
    const ssize_t got = read(FRAMES_IN, into, room);
    if (got > 0) return (size_t)got;
    if (got == 0 || errno == ECONNRESET) _exit(0); // no destructor of the library runs: it may be in the middle of anything
    if (errno != EINTR) fail("file descriptor 3", errno);
  }
}

struct message *message_receive(void) {
  while (ahead_bytes < HEADER_BYTES) ahead_bytes += read_some(ahead + ahead_bytes, sizeof ahead - ahead_bytes);
  const size_t length = get_u32(ahead);
  struct message *message = malloc(sizeof *message + length);
  if (!message) fail("message", ENOMEM);
  *message = (struct message){.type = get_u32(ahead + 4), .length = length};

  size_t have = ahead_bytes - HEADER_BYTES;
  if (have > length) have = length;
  memcpy(message->payload, ahead + HEADER_BYTES, have);
  ahead_bytes -= HEADER_BYTES + have;
  memmove(ahead, ahead + HEADER_BYTES + have, ahead_bytes);
  while (have < length) have += read_some(message->payload + have, length - have);
  return message;
}

void message_send(struct iovec *parts, int count) {
  while (count > 0) {
    ssize_t sent = writev(FRAMES_OUT, parts, count);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) _exit(0);
    if (sent < 0) fail("file descriptor 4", errno);
    while (count > 0 && (size_t)sent >= parts->iov_len) {
      sent -= (ssize_t)parts->iov_len;
      parts++;
      count--;
    }
    if (count == 0) return;
    parts->iov_base = (char *)parts->iov_base + sent;
    parts->iov_len -= (size_t)sent;
  }
}
