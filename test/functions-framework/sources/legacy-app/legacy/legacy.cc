#include "legacy.h"

long legacy_standard() { return __cplusplus; }
