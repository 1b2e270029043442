#include <weft/v1.h>

#include "runtime.h"

WEFT_IMPORT("sleep") int32_t host_sleep(double milliseconds);

int weft_sleep_ms(double milliseconds) { return host_sleep(milliseconds); }
