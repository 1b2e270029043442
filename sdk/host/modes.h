/** What weft-host can be asked to be. None of them returns. */
#ifndef WEFT_HOST_MODES_H
#define WEFT_HOST_MODES_H

#include <stddef.h>

#include "program.h"

/** A new process for each request. */
_Noreturn void run_fork(const struct command *);
/** One process, which is fed request after request. */
_Noreturn void run_hot(const struct command *);
/** A nightcore library in this very process. */
_Noreturn void run_nightcore(const char *library, const struct limits *, size_t max_output);
/** A server on a port of this network namespace, reached through a Unix socket. */
_Noreturn void run_bridge(const char *socket, unsigned port, const struct command *);
/** The program itself, in this process's place. */
_Noreturn void run_exec(const struct command *);

#endif
