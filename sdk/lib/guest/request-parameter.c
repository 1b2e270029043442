/** Parameters of the query, decoded as forms encode them (application/x-www-form-urlencoded in the URL standard). */
#include <weft/v1.h>

#include <string.h>

#include "runtime.h"

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = (char)(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/** One character of encoded text, and how much of it that takes. A "%" without two digits stands for itself. */
static char decode(const char *text, const char *end, size_t *taken) {
  *taken = 1;
  if (*text == '+') return ' ';
  if (*text != '%' || end - text < 3) return *text;
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  if (high < 0 || low < 0) return *text;
  *taken = 3;
  return (char)(high << 4 | low);
}

static int is_called(const char *text, const char *end, const char *name) {
  while (text < end) {
    size_t taken;
    const char c = decode(text, end, &taken);
    if (c != *name || c == '\0') return 0;
    name++;
    text += taken;
  }
  return *name == '\0';
}

static const char *decoded(const char *text, const char *end) {
  char *value = weft_alloc((size_t)(end - text) + 1);
  if (value == NULL) return NULL;
  char *at = value;
  while (text < end) {
    size_t taken;
    *at++ = decode(text, end, &taken);
    text += taken;
  }
  *at = '\0';
  return value;
}

const char *weft_request_parameter(weft_request *request, const char *name) {
  const char *part = weft_request_query(request);
  while (*part != '\0') {
    const char *end = part + strcspn(part, "&");
    const char *equals = memchr(part, '=', (size_t)(end - part));
    const char *name_end = equals == NULL ? end : equals;
    if (end > part && is_called(part, name_end, name)) return decoded(equals == NULL ? end : equals + 1, end);
    part = *end == '\0' ? end : end + 1;
  }
  return NULL;
}
