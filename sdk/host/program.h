/** A program that weft-host runs beside itself, in a process group of its own, and everything it leaves behind. */
#ifndef WEFT_HOST_PROGRAM_H
#define WEFT_HOST_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "limits.h"

struct command {
  char *const *argv;
  /** What it writes to its standard error is part of its standard output, in the order of writing: both are one pipe. */
  bool joins_errors;
  struct limits limits;
};

struct program {
  /** 0: there is none. */
  pid_t pid;
  bool ended;
  /** As of an ended program; one is 0. */
  int exit_code;
  int signal;
};

/** Set by signals, which come only while signals_wait waits. */
struct signals {
  volatile sig_atomic_t child;
  /** Whoever started this is gone. */
  volatile sig_atomic_t orphaned;
  /** Asked to end. */
  volatile sig_atomic_t terminate;
};
extern struct signals signals;

struct pollfd;
struct epoll_event;
/** Once, first: from here on orphans of programs are ours. */
void programs_prepare(void);
/** poll() without an end, that signals interrupt. @returns how many are ready; 0 after a signal */
int signals_wait(struct pollfd *, unsigned count, const struct timespec *at_most);

/** epoll_wait() in the same way; negative: for as long as it takes. */
int signals_wait_epoll(int epoll, struct epoll_event *, int most, int at_most_ms);

/** `stdio`: what becomes its 0, 1 and 2; negative: ours. @returns 0 or the errno of what it could not be started for */
int program_start(struct program *, const struct command *, char *const *env, const int stdio[3]);
/** Takes in what has ended. When the program has, its group is killed. */
void program_reap(struct program *);
/** Ends its whole group at once. */
void program_kill(const struct program *);
/** Kills what programs that are over have left. @returns whether nothing is left (that could be seen) */
bool programs_sweep(void);
/** Ends the program and all others, and waits for them, but not for those that the kernel cannot end. */
void programs_end(struct program *);

#endif
