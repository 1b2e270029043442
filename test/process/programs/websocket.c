/*
 * A WebSocket server (RFC 6455) at the port that PORT names, with a thread for each connection. It says again what it is told; "bye" ends
 * the connection, "crash" the program, "flood N" sends N KiB in frames of one KiB. /no refuses the handshake, /slow takes two
 * seconds for it; any other request is answered in HTTP.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10, MOST = 1 << 22 };

static uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

/** FIPS 180-4, of fewer than 120 bytes. */
static void sha1(const char *text, uint8_t digest[20]) {
  uint8_t blocks[128] = {0};
  const size_t length = strlen(text), size = length < 56 ? 64 : 128;
  memcpy(blocks, text, length);
  blocks[length] = 0x80;
  blocks[size - 2] = (uint8_t)(length * 8 >> 8);
  blocks[size - 1] = (uint8_t)(length * 8);
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (const uint8_t *block = blocks; block < blocks + size; block += 64) {
    uint32_t w[80], v[5];
    for (int i = 0; i < 16; i++) w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 80; i++) {
      const uint32_t choice = i < 20   ? ((v[1] & v[2]) | (~v[1] & v[3])) + 0x5a827999
                              : i < 40 ? (v[1] ^ v[2] ^ v[3]) + 0x6ed9eba1
                              : i < 60 ? ((v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])) + 0x8f1bbcdc
                                       : (v[1] ^ v[2] ^ v[3]) + 0xca62c1d6;
      const uint32_t next = rotated(v[0], 5) + choice + v[4] + w[i];
      v[4] = v[3], v[3] = v[2], v[2] = rotated(v[1], 30), v[1] = v[0], v[0] = next;
    }
    for (int i = 0; i < 5; i++) h[i] += v[i];
  }
  for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(h[i / 4] >> (24 - i % 4 * 8));
}

static void base64(const uint8_t digest[20], char text[29]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 28; i++) {
    const int bit = i * 6;
    const uint32_t pair = (uint32_t)digest[bit / 8] << 8 | (bit / 8 < 19 ? digest[bit / 8 + 1] : 0);
    text[i] = letters[pair >> (10 - bit % 8) & 63];
  }
  text[27] = '=';
  text[28] = 0;
}

static int take(int client, void *bytes, size_t length) {
  for (size_t got = 0; got < length;) {
    const ssize_t n = read(client, (char *)bytes + got, length - got);
    if (n <= 0) return 0;
    got += (size_t)n;
  }
  return 1;
}

static void give(int client, const void *bytes, size_t length) {
  for (size_t given = 0; given < length;) {
    const ssize_t n = write(client, (const char *)bytes + given, length - given);
    if (n <= 0) return;
    given += (size_t)n;
  }
}

static void frame(int client, int kind, const void *bytes, size_t length) {
  uint8_t head[10] = {(uint8_t)(0x80 | kind), (uint8_t)length};
  size_t size = 2;
  if (length > 65535) {
    head[1] = 127;
    for (int i = 0; i < 8; i++) head[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
    size = 10;
  } else if (length > 125) {
    head[1] = 126, head[2] = (uint8_t)(length >> 8), head[3] = (uint8_t)length;
    size = 4;
  }
  give(client, head, size);
  give(client, bytes, length);
}

/** 0: the connection has ended. */
static int converse(int client, char *text) {
  uint8_t head[2], more[8], mask[4];
  if (!take(client, head, 2)) return 0;
  const int kind = head[0] & 15, wide = (head[1] & 127) == 127 ? 8 : (head[1] & 127) == 126 ? 2 : 0;
  uint64_t length = wide ? 0 : head[1] & 127;
  if (!take(client, more, (size_t)wide)) return 0;
  for (int i = 0; i < wide; i++) length = length << 8 | more[i];
  if (length > MOST || !take(client, mask, 4) || !take(client, text, length)) return 0;
  for (uint64_t i = 0; i < length; i++) text[i] ^= (char)mask[i % 4];
  text[length] = 0;
  if (kind == PING) frame(client, PONG, text, length);
  else if (kind == CLOSE) frame(client, CLOSE, text, length);
  else if (!strcmp(text, "crash")) fputs("aborts, as it was told\n", stderr), abort();
  else if (!strncmp(text, "flood ", 6)) {
    char piece[1024];
    memset(piece, 'x', sizeof piece);
    for (long n = atol(text + 6); n > 0; n--) frame(client, TEXT, piece, sizeof piece);
  } else if (!strcmp(text, "bye")) {
    frame(client, CLOSE, "\x03\xe8", 2);
    return 0;
  } else frame(client, kind, text, length);
  return kind != CLOSE;
}

static void refuse(int client, const char *status) {
  char answer[128];
  give(client, answer, (size_t)snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nContent-Length: 3\r\n\r\nno\n", status));
}

/** 0: it is none. */
static int shake_hands(int client, char *head) {
  const char *const key = strcasestr(head, "\r\nSec-WebSocket-Key:");
  if (!key || !strcasestr(head, "\r\nUpgrade: websocket\r\n") || !strcasestr(head, "\r\nConnection: Upgrade\r\n")) return 0;
  char text[100], accept[29], answer[256];
  uint8_t digest[20];
  if (sscanf(key + 20, " %40s", text) != 1) return 0;
  sha1(strcat(text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"), digest);
  base64(digest, accept);
  give(client, answer,
       (size_t)snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Path: %.*s\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                        (int)strcspn(head + 4, " "), head + 4, accept));
  return 1;
}

static void *serve(void *argument) {
  const int client = (int)(intptr_t)argument;
  char *const text = malloc(MOST + 1);
  for (size_t length = 0;;) {
    const ssize_t n = read(client, text + length, 8191 - length);
    if (n <= 0) break;
    text[length += (size_t)n] = 0;
    if (!strstr(text, "\r\n\r\n")) continue;
    length = 0;
    if (!strncmp(text, "GET /no", 7)) refuse(client, "403 Forbidden");
    else if (!strncmp(text, "GET /slow", 9) && sleep(2)) break;
    else if (!shake_hands(client, text)) refuse(client, "426 Upgrade Required");
    else {
      while (converse(client, text)) {
      }
      break;
    }
  }
  free(text);
  close(client);
  return NULL;
}

static void end_orderly(int signal) {
  (void)signal;
  usleep(300000);
  dprintf(2, "version %s ends in good order\n", getenv("VERSION"));
  _exit(0);
}

int main(void) {
  signal(SIGTERM, end_orderly);
  signal(SIGPIPE, SIG_IGN);
  const int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(getenv("PORT")))};
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server, (struct sockaddr *)&at, sizeof at) || listen(server, 64)) return 1;
  for (;;) {
    pthread_t thread;
    const int client = accept(server, NULL, NULL);
    if (client >= 0 && !pthread_create(&thread, NULL, serve, (void *)(intptr_t)client)) pthread_detach(thread);
  }
}
