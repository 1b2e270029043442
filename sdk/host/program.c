#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"

struct signals signals;
static sigset_t unblocked;

static void on_signal(int number) {
  if (number == SIGCHLD) signals.child = 1;
  else if (number == SIGHUP) signals.orphaned = 1;
  else signals.terminate = 1;
}

void programs_prepare(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NOCLDSTOP};
  static const int caught[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT};
  sigset_t blocked;
  sigemptyset(&blocked);
  for (size_t at = 0; at < sizeof caught / sizeof *caught; at++) {
    sigaddset(&blocked, caught[at]);
    if (sigaction(caught[at], &action, NULL) != 0) fail("sigaction", errno);
  }
  sigprocmask(SIG_BLOCK, &blocked, &unblocked);
  for (size_t at = 0; at < sizeof caught / sizeof *caught; at++) sigdelset(&unblocked, caught[at]);
  signal(SIGPIPE, SIG_IGN);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) fail("PR_SET_CHILD_SUBREAPER", errno);
}

int signals_wait(struct pollfd *fds, unsigned count, const struct timespec *at_most) {
  const int ready = ppoll(fds, count, at_most, &unblocked);
  if (ready < 0 && errno != EINTR) fail("poll", errno);
  return ready < 0 ? 0 : ready;
}

int signals_wait_epoll(int epoll, struct epoll_event *events, int most, int at_most_ms) {
  const int ready = epoll_pwait(epoll, events, most, at_most_ms, &unblocked);
  if (ready < 0 && errno != EINTR) fail("epoll", errno);
  return ready < 0 ? 0 : ready;
}

/** In the new process, which still has our memory: only system calls, and `*error`. */
static _Noreturn void become(const struct command *command, char *const *env, const int stdio[3], pid_t parent, volatile int *error) {
  setpgid(0, 0);
  // Should weft-host be killed, its program goes too; the parent may be gone before this is in force.
  *error = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent ? 0 : ESRCH;
  for (int fd = 0; fd < 3 && *error == 0; fd++) {
    if (stdio[fd] >= 0 && dup2(stdio[fd], fd) < 0) *error = errno;
  }
  if (*error == 0) *error = limits_apply(&command->limits);
  if (*error == 0) {
    static const int changed[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT, SIGPIPE};
    for (size_t at = 0; at < sizeof changed / sizeof *changed; at++) signal(changed[at], SIG_DFL);
    sigprocmask(SIG_SETMASK, &unblocked, NULL);
    execvpe(command->argv[0], command->argv, env);
    *error = errno;
  }
  _exit(EXIT_HOST);
}

int program_start(struct program *program, const struct command *command, char *const *env, const int stdio[3]) {
  volatile int error = 0;
  const pid_t parent = getpid();
  // vfork: nothing is copied, and it continues when the program runs, or `error` says why it does not.
  const pid_t pid = vfork();
  if (pid == 0) become(command, env, stdio, parent, &error);
  if (pid < 0) return errno;
  if (error != 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    return error;
  }
  *program = (struct program){.pid = pid};
  return 0;
}

void program_kill(const struct program *program) {
  if (program->pid != 0 && !program->ended) kill(-program->pid, SIGKILL);
}

void program_reap(struct program *program) {
  for (;;) {
    siginfo_t info = {0};
    // Looked at first: as long as it is not reaped, no other can have its number, and its group is the one we mean.
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const bool ours = info.si_pid == program->pid && !program->ended;
    if (ours) program_kill(program);
    int status = 0;
    if (waitpid(info.si_pid, &status, 0) < 0 || !ours) continue;
    program->ended = true;
    program->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    program->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
}

/** Kills each child. @returns whether the kernel lists them (CONFIG_PROC_CHILDREN) */
static bool kill_children(void) {
  char path[64], list[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t bytes = read(file, list, sizeof list - 1);
  close(file);
  if (bytes < 0) return false;
  list[bytes] = '\0';
  // The last number may be cut off, and another's then.
  char *const end = bytes == sizeof list - 1 ? strrchr(list, ' ') : list + bytes;
  if (end) *end = '\0';
  char *next = list;
  for (long pid; (pid = strtol(next, &next, 10)) > 1;) kill((pid_t)pid, SIGKILL);
  return true;
}

bool programs_sweep(void) {
  for (;;) {
    const pid_t gone = waitpid(-1, NULL, WNOHANG);
    if (gone < 0 && errno != EINTR) return true;
    if (gone == 0) return !kill_children();
  }
}

void programs_end(struct program *program) {
  enum { ROUNDS = 1000 };
  program_kill(program);
  for (int round = 0; round < ROUNDS && !programs_sweep(); round++) poll(NULL, 0, 1);
}
