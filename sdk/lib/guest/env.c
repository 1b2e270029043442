#include <weft/v1.h>

#include "variable.h"

WEFT_IMPORT("env") int32_t host_env(const char *name, uint32_t length, char *out, uint32_t capacity);

const char *weft_env(const char *name) { return weft_variable(host_env, name); }
