#include "limits.h"

#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>

static int lower(int resource, long long most) {
  if (most < 0) return 0;
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return errno;
  if ((rlim_t)most < limit.rlim_max) limit.rlim_max = (rlim_t)most;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(resource, &limit) == 0 ? 0 : errno;
}

int limits_apply(const struct limits *limits) {
  int error = lower(RLIMIT_NOFILE, limits->open_files);
  if (error == 0) error = lower(RLIMIT_NPROC, limits->processes);
  if (error == 0) error = lower(RLIMIT_CORE, limits->core_bytes);
  return error;
}

void limits_lift_open_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}
