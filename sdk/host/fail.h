/** How weft-host itself ends when it cannot do its work: what it says on standard error is the reason that the platform gives. */
#ifndef WEFT_HOST_FAIL_H
#define WEFT_HOST_FAIL_H

enum {
  /** weft-host itself; the two that follow are those of shells. */
  EXIT_HOST = 125,
  EXIT_NOT_EXECUTABLE = 126,
  EXIT_NOT_FOUND = 127,
};

/** What could not be used, and the errno that says why. */
_Noreturn void fail(const char *what, int error);
_Noreturn void fail_because(const char *what, const char *reason);

/** Ends with what a shell would end with. */
_Noreturn void fail_to_run(const char *program, int error);
/** Of a program that could not be run for this errno. */
int exit_code_of(int error);

#endif
