/** The standard streams of a program, joined with the platform's end. */
#ifndef WEFT_HOST_STREAMS_H
#define WEFT_HOST_STREAMS_H

#include "channel.h"
#include "program.h"

struct streams {
  struct channel channel;
  struct program program;
  /** Our ends of its standard input, output and errors; negative: closed. */
  int fds[3];
  /** So much of what comes next from the platform is for its standard input; without a reader it is dropped. */
  size_t feed;
  /** Its standard input ends where `feed` does. */
  bool ends_with_feed;
  /** What was in its pipes when it ended. */
  size_t left[3];
  /** Standard errors are looked at first, this time. */
  bool errors_first;
};

/** One for each process: it is large, and none of it is on a stack. */
extern struct streams streams;

void streams_open(void);
/** Starts the program; when that fails, its standard errors say so. @returns whether it runs */
bool streams_start(const struct command *, char *const *env, bool ends_with_feed);
/** Says the same of a program that was not even tried. @returns false */
bool streams_refuse(const struct command *, int error);
/** Hands it as much of `feed` as it takes; first in each turn, for behind it the next frame may already be there. */
void streams_feed(void);
/** Whether the frame that comes behind `feed` is there and asks to kill the program. */
bool streams_asked_to_kill(void);
/** Waits until something can be passed on or the program ended, and passes it on. */
void streams_turn(void);
/** The program ended and all it wrote is on its way. */
bool streams_over(void);
/** Says how it ended, and forgets it. */
void streams_finish(void);

#endif
