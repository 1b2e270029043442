#include "lines.h"

#include <string.h>

int next_line(const char **text, size_t *length, struct line *line) {
  if (*length == 0) return 0;
  const char *feed = memchr(*text, '\n', *length);
  const size_t taken = feed == NULL ? *length : (size_t)(feed - *text) + 1;
  *line = (struct line){*text, feed == NULL ? taken : taken - 1};
  *text += taken;
  *length -= taken;
  return 1;
}

int compare_lines(const struct line *a, const struct line *b) {
  const size_t shorter = a->length < b->length ? a->length : b->length;
  const int order = memcmp(a->text, b->text, shorter);
  if (order != 0) return order;
  return (a->length > b->length) - (a->length < b->length);
}
