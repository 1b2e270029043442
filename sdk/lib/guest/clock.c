#include <weft/v1.h>

#include "runtime.h"

enum clock { UNIX = 0, MONOTONIC = 1 };

WEFT_IMPORT("clock") double host_clock(int32_t id);

int64_t weft_unix_time_ns(void) { return (int64_t)host_clock(UNIX); }

int64_t weft_monotonic_time_ns(void) { return (int64_t)host_clock(MONOTONIC); }
