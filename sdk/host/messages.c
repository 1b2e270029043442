#include "messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fail.h"

/** What was read of the message that comes next; a large one goes where it belongs without passing through here. */
static unsigned char ahead[64 * 1024];
static size_t ahead_start, ahead_end;

static size_t read_some(unsigned char *into, size_t room) {
  for (;;) {
    const ssize_t got = read(FRAMES_IN, into, room);
    if (got > 0) return (size_t)got;
    if (got == 0 || errno == ECONNRESET) _exit(0); // no destructor of the library runs: it may be in the middle of anything
    if (errno != EINTR) fail("file descriptor 3", errno);
  }
}

/** Until a header is there. All that is ever moved is a piece of one. */
static void read_ahead(void) {
  while (ahead_end - ahead_start < HEADER_BYTES) {
    memmove(ahead, ahead + ahead_start, ahead_end - ahead_start);
    ahead_end -= ahead_start;
    ahead_start = 0;
    ahead_end += read_some(ahead + ahead_end, sizeof ahead - ahead_end);
  }
}

struct message *message_receive(void) {
  read_ahead();
  const size_t length = get_u32(ahead + ahead_start);
  struct message *message = malloc(sizeof *message + length);
  if (!message) fail("message", ENOMEM);
  *message = (struct message){.type = get_u32(ahead + ahead_start + 4), .length = length};
  ahead_start += HEADER_BYTES;

  size_t have = ahead_end - ahead_start;
  if (have > length) have = length;
  memcpy(message->payload, ahead + ahead_start, have);
  ahead_start += have;
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
