/** Values that the host keeps by name: environment and secrets. */
#ifndef WEFT_GUEST_VARIABLE_H
#define WEFT_GUEST_VARIABLE_H

#include "runtime.h"

typedef int32_t (*weft_lookup)(const char *name, uint32_t length, char *out, uint32_t capacity);

/**
 * The value that `lookup` gives for `name`, or NULL. Values are kept for good, each once, so that a pointer got in an init
 * hook stays valid, and one got in each request does not use up memory where that is not rolled back.
 */
const char *weft_variable(weft_lookup lookup, const char *name);

#endif
