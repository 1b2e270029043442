/** What happens before every request; included by the two ways to enter, enter.c and enter.cpp. */
#ifndef WEFT_GUEST_BEGIN_H
#define WEFT_GUEST_BEGIN_H

#include "runtime.h"

static inline void weft_begin(int32_t kind) {
  weft_kind = kind;
  weft_turn++;
  weft_mailbox.status = 200;
  weft_mailbox.out_head_length = 0;
  weft_mailbox.out_body_length = 0;
  weft_mailbox.head_sent = 0;
}

#endif
