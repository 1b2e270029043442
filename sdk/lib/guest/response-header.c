/** Headers of the answer. The host checks them again; here a mistake is reported where it is made. */
#include <weft/v1.h>

#include <string.h>

#include "runtime.h"

#define HEAD_BYTES 256

/** tchar of RFC 9110, section 5.6.2: a bit for each character of ASCII. */
static const uint32_t TOKENS[] = {0x0, 0x3ff6cfa, 0xc7fffffe, 0x57ffffff};

static int is_token(char c) { return (unsigned char)c < 128 && (TOKENS[c / 32] >> (c % 32) & 1) != 0; }

static int is_name(const char *name) {
  const char *c = name;
  while (is_token(*c)) c++;
  return c != name && *c == '\0';
}

/** Visible characters, blanks, and bytes above ASCII (section 5.5). */
static int is_value(const char *value) {
  for (const char *c = value; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' ? *c != '\t' : *c == 0x7f) return 0;
  }
  return 1;
}

static char *add(char *at, const char *text, size_t length) {
  memcpy(at, text, length);
  return at + length;
}

int weft_response_header(weft_response *response, const char *name, const char *value) {
  static char first[HEAD_BYTES];
  static struct weft_buffer buffer = {first, HEAD_BYTES};
  (void)response;
  if (weft_mailbox.head_sent || !is_name(name) || !is_value(value)) return WEFT_INVALID;
  const size_t before = weft_mailbox.out_head_length;
  const size_t name_length = strlen(name);
  const size_t value_length = strlen(value);
  const size_t line = name_length + 2 + value_length + 2;
  if (line > buffer.capacity - before && weft_buffer_grow(&buffer, first, before, line) != 0) return WEFT_NO_MEMORY;
  char *at = add(buffer.data + before, name, name_length);
  at = add(at, ": ", 2);
  at = add(at, value, value_length);
  add(at, "\r\n", 2);
  weft_mailbox.out_head = buffer.data;
  weft_mailbox.out_head_length = before + line;
  return WEFT_OK;
}
