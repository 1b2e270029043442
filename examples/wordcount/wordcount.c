/** Lines, words and bytes of the standard input, as wc counts them. A plain program: nothing in it knows of the platform. */
#include <ctype.h>
#include <stdio.h>

int main(void) {
  unsigned long lines = 0, words = 0, bytes = 0;
  int in_word = 0;
  for (int c; (c = getchar()) != EOF; bytes++) {
    lines += c == '\n';
    words += !in_word && !isspace(c);
    in_word = !isspace(c);
  }
  printf("%lu %lu %lu\n", lines, words, bytes);
  return ferror(stdin) ? 1 : 0;
}
