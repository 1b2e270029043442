/**
 * Functions written against <fn/fdk.h>, as programs: what serves Fn's contract around them, and `main`. In one piece, so that
 *
 *     cc -I sdk/include function.c sdk/lib/contracts/fn-native.c -o function
 *
 * is all it takes. It is C11 and C++17 both: g++ takes it for the latter. POSIX, nothing else.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <fn/fdk.h>

#include "fn-common.h"
#include "../fn/request.c"
#include "../fn/response.c"
#include "../fn/listener.c"
#include "../fn/connection.c"
#include "../fn/serve.c"
