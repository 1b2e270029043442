#include <weft/v1.h>

#include "variable.h"

WEFT_IMPORT("secret") int32_t host_secret(const char *name, uint32_t length, char *out, uint32_t capacity);

const char *weft_secret(const char *name) { return weft_variable(host_secret, name); }
