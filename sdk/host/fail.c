#include "fail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Noreturn void fail(const char *what, int error) { fail_because(what, strerror(error)); }

/** No destructor runs: a library that could not be used may be in any state. */
_Noreturn void fail_because(const char *what, const char *reason) {
  dprintf(STDERR_FILENO, "weft-host: %s: %s\n", what, reason);
  _exit(EXIT_HOST);
}

int exit_code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return EXIT_NOT_FOUND;
    case EACCES:
    case ENOEXEC:
    case E2BIG:
    case EPERM:
      return EXIT_NOT_EXECUTABLE;
    default:
      return EXIT_HOST;
  }
}

_Noreturn void fail_to_run(const char *program, int error) {
  dprintf(STDERR_FILENO, "weft-host: cannot run %s: %s\n", program, strerror(error));
  _exit(exit_code_of(error));
}
