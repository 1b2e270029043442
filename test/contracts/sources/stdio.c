#include <stdio.h>
#include <stdlib.h>

#include "transform.h"

int main(void) {
  size_t length = 0, capacity = 4096;
  char *input = (char *)malloc(capacity);
  for (size_t got; input != NULL && (got = fread(input + length, 1, capacity - length, stdin)) > 0;) {
    length += got;
    if (length == capacity) input = (char *)realloc(input, capacity *= 2);
  }
  char *output = (char *)malloc(length + 1);
  if (input == NULL || output == NULL || transform(input, length, output) != 0) return 1;
  return fwrite(output, 1, length, stdout) == length ? 0 : 1;
}
