/** A hot function of IronFunctions, in its JSON format: a line for each request, a line for each answer, until the input ends. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  static char request[65536];
  while (fgets(request, sizeof request, stdin) != NULL) {
    const char *greeting = getenv("GREETING");
    printf("{\"status_code\": 200, \"body\": \"%s from %s\\n\"}\n", greeting ? greeting : "Hi", getenv("ROUTE"));
    fflush(stdout);
  }
  return 0;
}
