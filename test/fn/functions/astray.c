/** No function: its listener is a link to the socket of somebody else, who is named by LEADS_TO. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  const char *listener = getenv("FN_LISTENER");
  const char *target = getenv("LEADS_TO");
  if (listener == NULL || target == NULL || symlink(target, listener + strlen("unix:")) != 0) return 1;
  for (;;) pause();
}
