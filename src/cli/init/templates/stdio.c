/** Greets whom the standard input names: a plain program, which can be tried without Weft as well. */
#include <stdio.h>

int main(void) {
  char name[256];
  const size_t length = fread(name, 1, sizeof name, stdin);
  printf("Hello, %.*s!\n", length > 0 ? (int)length : 5, length > 0 ? name : "World");
  return ferror(stdin) || fflush(stdout) != 0;
}
