/** Text as lines, each ended by a line feed, the last one perhaps not. */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>

struct line {
  const char *text;
  /** Without the line feed. */
  size_t length;
};

/** Takes the first line off `*text`; 0 when there is none. */
int next_line(const char **text, size_t *length, struct line *line);

/** Less than, equal to or greater than 0, byte by byte. */
int compare_lines(const struct line *a, const struct line *b);

#endif
