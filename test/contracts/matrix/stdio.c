#include <stdio.h>
#include <stdlib.h>

#include "behaviour.h"

static int print(const char *text, size_t length) { return fwrite(text, 1, length, stdout) == length ? 0 : 1; }

int main(void) {
  size_t length = 0, capacity = 4096;
  char *input = (char *)malloc(capacity);
  for (size_t got; input != NULL && (got = fread(input + length, 1, capacity - length, stdin)) > 0;) {
    length += got;
    if (length == capacity) input = (char *)realloc(input, capacity *= 2);
  }
  if (input == NULL) return 1;
  switch (behaviour_of(input, length)) {
    case FAIL:
    case CALL:
      return 3;
    case CRASH:
      crash();
      return 0;
    case SPIN:
      spin();
      return 0;
    case FLOOD: {
      static char piece[FLOOD_BYTES];
      for (int i = 0; i < FLOOD_PIECES; i++)
        if (print(piece, sizeof piece) != 0) return 1;
      return 0;
    }
    case HEADER: {
      const char *value = getenv("Http_X_Case");
      return value == NULL ? 1 : print(value, strlen(value));
    }
    case ECHO:
      return print(input, length);
  }
  return 1;
}
