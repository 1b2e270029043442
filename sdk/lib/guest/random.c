#include <weft/v1.h>

#include "runtime.h"

WEFT_IMPORT("random") void host_random(void *data, uint32_t length);

void weft_random(void *data, size_t length) { host_random(data, length); }
