/**
 * One connection, and the request that arrives on it: gathered until it is whole, then split where it lies. Framing is RFC 9112's,
 * strictly; what is anything else is answered and hung up on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FN_READ_BYTES ((size_t)64 * 1024)
#define FN_HEAD_BYTES ((size_t)256 * 1024)

enum fn_progress { FN_MORE, FN_WHOLE, FN_BAD };

struct fn_connection {
  /** -1: none. */
  int fd;
  struct fn_buffer in;
  /** After the blank line; 0 while the head is not whole. */
  size_t head_end;
  /** Where the search for the blank line goes on. */
  size_t looked;
  int chunked;
  int keep_alive;
  int expects;
  /** Told, or what was put together of chunks. */
  size_t body_length;
  /** Chunked: what follows is still to be read as chunks. */
  size_t chunk_at;
  /** After the request. */
  size_t end;
  /** FN_BAD: the answer to it. */
  const char *problem;
};

static void fn_next_request(struct fn_connection *connection) {
  const size_t rest = connection->in.length - connection->end;
  if (rest > 0 && connection->end > 0) memmove(connection->in.data, connection->in.data + connection->end, rest);
  connection->in.length = rest;
  connection->head_end = connection->looked = connection->body_length = connection->chunk_at = connection->end = 0;
  connection->chunked = connection->expects = 0;
  connection->keep_alive = 1;
}

static enum fn_progress fn_bad(struct fn_connection *connection, const char *problem) {
  connection->problem = problem;
  return FN_BAD;
}

static int fn_same_text(const char *at, size_t length, const char *text) {
  size_t i = 0;
  while (i < length && text[i] != '\0' && fn_lower(at[i]) == fn_lower(text[i])) i++;
  return i == length && text[i] == '\0';
}

/** Whether a list of words, as Connection has it, holds this one. */
static int fn_lists(const char *at, size_t length, const char *word) {
  const char *end = at + length;
  while (at < end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == ',')) at++;
    const char *start = at;
    while (at < end && *at != ',') at++;
    const char *stop = at;
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t')) stop--;
    if (fn_same_text(start, (size_t)(stop - start), word)) return 1;
  }
  return 0;
}

static int fn_length(const char *at, size_t length, size_t *value) {
  if (length == 0) return 0;
  *value = 0;
  for (size_t i = 0; i < length; i++) {
    if (at[i] < '0' || at[i] > '9' || *value > SIZE_MAX / 16) return 0;
    *value = *value * 10 + (size_t)(at[i] - '0');
  }
  return 1;
}

/** A header line without its line break: where its name ends and its value is. 0 when it is none. */
static int fn_split_line(const char *line, size_t length, size_t *name, const char **value, size_t *value_length) {
  const char *colon = (const char *)memchr(line, ':', length);
  if (colon == NULL || colon == line) return 0;
  *name = (size_t)(colon - line);
  for (size_t i = 0; i < *name; i++) {
    if (line[i] <= ' ' || line[i] == 0x7f) return 0;
  }
  const char *start = colon + 1;
  const char *end = line + length;
  while (start < end && (*start == ' ' || *start == '\t')) start++;
  while (end > start && (end[-1] == ' ' || end[-1] == '\t')) end--;
  *value = start;
  *value_length = (size_t)(end - start);
  return 1;
}

/** What the head says of the body and the connection. Changes nothing: the bytes may yet move. */
static enum fn_progress fn_read_framing(struct fn_connection *connection) {
  const char *at = connection->in.data;
  const char *end = at + connection->head_end - 2;
  if (memchr(at, '\0', connection->head_end) != NULL) return fn_bad(connection, "400 Bad Request");
  int has_length = 0;
  const char *feed = (const char *)memchr(at, '\n', connection->head_end);
  connection->keep_alive = feed - at >= 9 && memcmp(feed - 9, "HTTP/1.1", 8) == 0;
  if (!connection->keep_alive && !(feed - at >= 9 && memcmp(feed - 9, "HTTP/1.0", 8) == 0)) return fn_bad(connection, "400 Bad Request");
  for (at = feed + 1; at < end; at = feed + 1) {
    feed = (const char *)memchr(at, '\n', (size_t)(end - at));
    size_t name;
    const char *value;
    size_t length;
    if (feed == NULL || feed[-1] != '\r' || !fn_split_line(at, (size_t)(feed - 1 - at), &name, &value, &length))
      return fn_bad(connection, "400 Bad Request");
    if (fn_same_text(at, name, "content-length")) {
      size_t told;
      if (!fn_length(value, length, &told) || (has_length && told != connection->body_length)) return fn_bad(connection, "400 Bad Request");
      connection->body_length = told;
      has_length = 1;
    } else if (fn_same_text(at, name, "transfer-encoding")) {
      if (connection->chunked || !fn_same_text(value, length, "chunked")) return fn_bad(connection, "501 Not Implemented");
      connection->chunked = 1;
    } else if (fn_same_text(at, name, "connection")) {
      if (fn_lists(value, length, "close")) connection->keep_alive = 0;
    } else if (fn_same_text(at, name, "expect")) {
      connection->expects = fn_same_text(value, length, "100-continue");
    }
  }
  if (connection->chunked && has_length) return fn_bad(connection, "400 Bad Request");
  connection->chunk_at = connection->head_end;
  return FN_MORE;
}

static enum fn_progress fn_read_head(struct fn_connection *connection) {
  const struct fn_buffer *in = &connection->in;
  for (size_t i = connection->looked; i + 3 < in->length; i++) {
    if (in->data[i] != '\r' || memcmp(in->data + i, "\r\n\r\n", 4) != 0) continue;
    connection->head_end = i + 4;
    return fn_read_framing(connection);
  }
  connection->looked = in->length < 3 ? 0 : in->length - 3;
  return in->length > FN_HEAD_BYTES ? fn_bad(connection, "431 Request Header Fields Too Large") : FN_MORE;
}

static int fn_hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/** Size of the chunk whose line begins at `line`; 0 when it is no size. */
static int fn_chunk_size(const char *line, const char *end, size_t *size) {
  const char *at = line;
  for (*size = 0; at < end && fn_hex(*at) >= 0; at++) {
    if (*size > SIZE_MAX / 64) return 0;
    *size = *size * 16 + (size_t)fn_hex(*at);
  }
  return at > line && (at == end || *at == ';' || *at == ' ' || *at == '\t');
}

/** Puts chunks that are whole together, where they lie. */
static enum fn_progress fn_read_chunks(struct fn_connection *connection) {
  char *data = connection->in.data;
  for (;;) {
    char *line = data + connection->chunk_at;
    const size_t rest = connection->in.length - connection->chunk_at;
    char *feed = (char *)memchr(line, '\n', rest);
    if (feed == NULL) return rest > FN_HEAD_BYTES ? fn_bad(connection, "400 Bad Request") : FN_MORE;
    size_t size;
    if (feed == line || feed[-1] != '\r' || !fn_chunk_size(line, feed - 1, &size)) return fn_bad(connection, "400 Bad Request");
    const size_t begin = (size_t)(feed + 1 - data);
    if (size == 0) {
      // Trailers, which nobody asked for, up to a blank line.
      size_t at = begin;
      for (;;) {
        char *stop = (char *)memchr(data + at, '\n', connection->in.length - at);
        if (stop == NULL) return connection->in.length - begin > FN_HEAD_BYTES ? fn_bad(connection, "400 Bad Request") : FN_MORE;
        const size_t next = (size_t)(stop + 1 - data);
        if (next - at == 2 && data[at] == '\r') {
          connection->end = next;
          return FN_WHOLE;
        }
        at = next;
      }
    }
    if (connection->in.length - begin < size + 2) return FN_MORE;
    if (memcmp(data + begin + size, "\r\n", 2) != 0) return fn_bad(connection, "400 Bad Request");
    memmove(data + connection->head_end + connection->body_length, data + begin, size);
    connection->body_length += size;
    connection->chunk_at = begin + size + 2;
  }
}

/** How far the request is that begins the bytes that have come. */
static enum fn_progress fn_progress_of(struct fn_connection *connection) {
  // A blank line before a request is let through (RFC 9112, section 2.2).
  while (connection->head_end == 0 && connection->in.length >= 2 && memcmp(connection->in.data, "\r\n", 2) == 0) {
    connection->end = 2;
    fn_next_request(connection);
  }
  if (connection->head_end == 0) {
    const enum fn_progress head = fn_read_head(connection);
    if (head == FN_BAD || connection->head_end == 0) return head;
  }
  if (connection->chunked) return fn_read_chunks(connection);
  connection->end = connection->head_end + connection->body_length;
  return connection->in.length >= connection->end ? FN_WHOLE : FN_MORE;
}

/** Splits the head of a whole request into texts that end in NUL. 0 when there is no memory. */
static int fn_split_request(struct fn_connection *connection, fn_request *request) {
  char *at = (char *)memchr(connection->in.data, '\n', connection->head_end) + 1;
  char *end = connection->in.data + connection->head_end - 2;
  while (at < end) {
    char *feed = (char *)memchr(at, '\n', (size_t)(end - at));
    size_t name;
    const char *value;
    size_t length;
    fn_split_line(at, (size_t)(feed - 1 - at), &name, &value, &length);
    at[name] = '\0';
    ((char *)value)[length] = '\0';
    if (!fn_request_add(request, at, value)) return 0;
    at = feed + 1;
  }
  request->body = connection->in.data + connection->head_end;
  request->body_length = connection->body_length;
  return 1;
}

/** Reads what there is: 1; 0 when the other side is done, or there is no memory. */
static int fn_receive(struct fn_connection *connection) {
  struct fn_buffer *in = &connection->in;
  if (!fn_buffer_room(in, FN_READ_BYTES)) return 0;
  ssize_t got;
  do got = recv(connection->fd, in->data + in->length, in->room - in->length, 0);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return 0;
  in->length += (size_t)got;
  return 1;
}

/** Writes all of it, however long that takes: who calls decides how long it waits. 0 when the other side is gone. */
static int fn_send(int fd, const void *head, size_t head_length, const void *body, size_t body_length) {
  struct iovec pieces[2];
  pieces[0].iov_base = (void *)head;
  pieces[0].iov_len = head_length;
  pieces[1].iov_base = (void *)body;
  pieces[1].iov_len = body_length;
  while (pieces[0].iov_len + pieces[1].iov_len > 0) {
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = pieces[0].iov_len > 0 ? pieces : pieces + 1;
    message.msg_iovlen = pieces[0].iov_len > 0 && pieces[1].iov_len > 0 ? 2 : 1;
    const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return 0;
    size_t left = (size_t)sent;
    for (int i = 0; i < 2; i++) {
      const size_t taken = left < pieces[i].iov_len ? left : pieces[i].iov_len;
      pieces[i].iov_base = (char *)pieces[i].iov_base + taken;
      pieces[i].iov_len -= taken;
      left -= taken;
    }
  }
  return 1;
}
