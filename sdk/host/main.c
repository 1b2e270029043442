/**
 * weft-host: the first program inside a sandbox. It limits what comes after it, and is what the platform talks to when that is no
 * server by itself (README.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fail.h"
#include "frames.h"
#include "modes.h"

static const char USAGE[] =
    "usage: weft-host [--nofile N] [--nproc N] [--core N] [--max-output N] MODE, where MODE is one of\n"
    "  fork -- PROGRAM [ARGUMENT...]\n"
    "  join -- PROGRAM [ARGUMENT...]\n"
    "  hot -- PROGRAM [ARGUMENT...]\n"
    "  exec -- PROGRAM [ARGUMENT...]\n"
    "  bridge SOCKET PORT -- PROGRAM [ARGUMENT...]\n"
    "  nightcore LIBRARY";

extern char **environ;

static long long number(const char *text) {
  char *end = NULL;
  errno = 0;
  const long long value = text ? strtoll(text, &end, 10) : -1;
  if (!text || end == text || *end != '\0' || errno != 0 || value < 0) fail_because(text ? text : "a number is missing", USAGE);
  return value;
}

/** What the program inherits are 0, 1 and 2, all of them and nothing else. */
static void close_to_programs(void) {
  int fd = 0;
  while (fd >= 0 && fd < FRAMES_IN) fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd >= 0) close(fd);
  for (int standard = 0; standard < FRAMES_IN; standard++) (void)fcntl(standard, F_SETFD, 0);
#ifdef SYS_close_range
  enum { CLOEXEC = 1 << 2 };
  if (syscall(SYS_close_range, FRAMES_IN, ~0U, CLOEXEC) == 0) return;
#endif
  struct rlimit limit;
  const int count = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
  for (fd = FRAMES_IN; fd < count; fd++) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/** `death`: what comes when whoever started this is gone. With programs beside it, it has to end those as well. */
static void bind_to_parent(int death) {
  if (prctl(PR_SET_PDEATHSIG, death) != 0) fail("PR_SET_PDEATHSIG", errno);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("PR_SET_NO_NEW_PRIVS", errno);
}

static char *const *program_of(char **arguments) {
  if (!arguments[0] || strcmp(arguments[0], "--") != 0 || !arguments[1]) fail_because("a program is missing", USAGE);
  return arguments + 1;
}

_Noreturn void run_exec(const struct command *command) {
  const int error = limits_apply(&command->limits);
  if (error != 0) fail("limits", error);
  execvp(command->argv[0], command->argv);
  fail_to_run(command->argv[0], errno);
}

int main(int argc, char **argv) {
  (void)argc;
  struct command command = {.limits = {-1, -1, -1}};
  size_t max_output = 10 * 1024 * 1024;
  char **next = argv + 1;
  for (; *next && strncmp(*next, "--", 2) == 0; next += 2) {
    const long long value = number(next[1]);
    if (strcmp(*next, "--nofile") == 0) command.limits.open_files = value;
    else if (strcmp(*next, "--nproc") == 0) command.limits.processes = value;
    else if (strcmp(*next, "--core") == 0) command.limits.core_bytes = value;
    else if (strcmp(*next, "--max-output") == 0 && value < UINT32_MAX / 2) max_output = (size_t)value;
    else fail_because(*next, USAGE);
  }
  const char *const mode = *next ? *next++ : "";
  close_to_programs();
  const bool alone = strcmp(mode, "exec") == 0 || strcmp(mode, "nightcore") == 0;
  bind_to_parent(alone ? SIGKILL : SIGHUP);

  if (strcmp(mode, "nightcore") == 0 && next[0] && !next[1]) run_nightcore(next[0], &command.limits, max_output);
  if (strcmp(mode, "bridge") == 0 && next[0] && next[1]) {
    const long long port = number(next[1]);
    command.argv = program_of(next + 2);
    if (port >= 1 && port <= 65535) run_bridge(next[0], (unsigned)port, &command);
  } else if (strcmp(mode, "fork") == 0 || strcmp(mode, "join") == 0 || strcmp(mode, "hot") == 0 || strcmp(mode, "exec") == 0) {
    command.argv = program_of(next);
    command.joins_errors = strcmp(mode, "join") == 0;
    if (strcmp(mode, "fork") == 0 || command.joins_errors) run_fork(&command);
    if (strcmp(mode, "hot") == 0) run_hot(&command);
    run_exec(&command);
  }
  fail_because("weft-host", USAGE);
}
