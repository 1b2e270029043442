#include <weft/v1.h>

#include <string.h>

#include "runtime.h"

WEFT_IMPORT("log") void host_log(int32_t level, const char *text, uint32_t length);

void weft_log_bytes(enum weft_level level, const char *text, size_t length) { host_log(level, text, length); }

void weft_log(enum weft_level level, const char *text) { host_log(level, text, strlen(text)); }
