/** Answers of calls on their way to the arena. */
#ifndef WEFT_GUEST_RESULT_H
#define WEFT_GUEST_RESULT_H

#include <weft/v1.h>

/** Room that an answer can be put to directly; `room` gets its size. */
char *weft_result_room(size_t *room);

/** Fills `result` from what the host gave: a length or an error. Of a longer answer than the room the rest is fetched. */
int weft_result_take(weft_result *result, char *output, size_t room, int32_t length);

#endif
