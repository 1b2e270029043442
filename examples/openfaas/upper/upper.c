/** A filter as OpenFaaS's classic watchdog runs it: standard input is the request, standard output the answer. */
#include <ctype.h>
#include <stdio.h>

int main(void) {
  for (int c; (c = getchar()) != EOF;) putchar(toupper(c));
  return 0;
}
