/** Header lines, read where they lie. Nothing is parsed before somebody asks; most functions ask for few headers or none. */
#include "runtime.h"

#include <string.h>

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

static int begins_with(const char *line, size_t rest, const char *name, size_t length) {
  if (rest <= length || (line[length] != ':' && line[length] != '\0')) return 0;
  for (size_t i = 0; i < length; i++) {
    if (lower(line[i]) != lower(name[i])) return 0;
  }
  return 1;
}

static int is_blank(char c) { return c == ' ' || c == '\t'; }

int weft_head_next(char *head, size_t length, size_t *at, const char **name, const char **value) {
  if (*at >= length) return 0;
  char *line = head + *at;
  const size_t rest = length - *at;
  char *feed = memchr(line, '\n', rest);
  char *end = feed == NULL ? line + rest : feed;
  *at = feed == NULL ? length : (size_t)(feed - head) + 1;
  // The name may have been ended by an earlier look at this line.
  char *colon = line;
  while (colon < end && *colon != ':' && *colon != '\0') colon++;
  if (colon == end) return 0;
  *colon = '\0';
  char *start = colon + 1;
  while (start < end && is_blank(*start)) start++;
  char *stop = start;
  while (stop < end && *stop != '\r' && *stop != '\0') stop++;
  while (stop > start && is_blank(stop[-1])) stop--;
  // A line without its line break has no room for the NUL; the host never sends one.
  if (stop < head + length) *stop = '\0';
  *name = line;
  *value = start;
  return 1;
}

const char *weft_head_find(char *head, size_t length, const char *name) {
  const size_t name_length = strlen(name);
  size_t at = 0;
  while (at < length) {
    if (begins_with(head + at, length - at, name, name_length)) {
      const char *found;
      const char *value;
      return weft_head_next(head, length, &at, &found, &value) ? value : NULL;
    }
    const char *feed = memchr(head + at, '\n', length - at);
    if (feed == NULL) return NULL;
    at = (size_t)(feed - head) + 1;
  }
  return NULL;
}
