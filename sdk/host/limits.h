/** What a program may use, as far as the kernel counts it for each process by itself. */
#ifndef WEFT_HOST_LIMITS_H
#define WEFT_HOST_LIMITS_H

#include <stdbool.h>

/** Negative: as it was. */
struct limits {
  long long open_files;
  long long processes;
  long long core_bytes;
};

/** Of the calling process and all it starts; a limit that is lower already stays. Nothing in it but system calls. @returns 0 or an errno */
int limits_apply(const struct limits *);
/** As many files as may be: for a process that opens them on behalf of others. */
void limits_lift_open_files(void);

#endif
