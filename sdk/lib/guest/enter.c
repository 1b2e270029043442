/** Entries of a function written in C. enter.cpp is the same for C++, where exceptions must be caught. */
#include "begin.h"

WEFT_EXPORT("weft_enter") int32_t weft_enter(int32_t kind) {
  weft_begin(kind);
  return weft_contract_run();
}

WEFT_EXPORT("weft_init") int32_t weft_init(void) {
  weft_begin(WEFT_KIND_CALL);
  return weft_contract_init();
}
