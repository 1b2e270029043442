/* setjmp and longjmp, as C programs use them. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf outer, inner;

__attribute__((noinline)) static void descend(int depth, jmp_buf *to, int value) {
  volatile char frame[64];
  memset((void *)frame, depth, sizeof frame);
  if (depth == 0) longjmp(*to, value);
  descend(depth - 1, to, value);
}

static int across_frames(void) {
  const int value = setjmp(outer);
  if (value == 0) descend(20, &outer, 42);
  return value;
}

static int zero_becomes_one(void) {
  const int value = setjmp(outer);
  if (value == 0) descend(1, &outer, 0);
  return value;
}

static int in_a_loop(void) {
  volatile int rounds = 0;
  volatile int sum = 0;
  for (rounds = 0; rounds < 1000; rounds++) {
    const int value = setjmp(outer);
    if (value == 0) descend(rounds % 3, &outer, rounds + 1);
    sum += value;
  }
  return sum;
}

static int again_and_again(void) {
  volatile int count = 0;
  const int value = setjmp(outer);
  count++;
  if (value < 5) descend(2, &outer, value + 1);
  return count * 10 + value;
}

static int nested(void) {
  volatile int trace = 0;
  switch (setjmp(outer)) {
    case 0:
      switch (setjmp(inner)) {
        case 0:
          descend(3, &inner, 7);
          break;
        case 7:
          trace = trace * 10 + 7;
          descend(3, &outer, 8);
          break;
        default:
          trace = -1;
      }
      break;
    case 8:
      trace = trace * 10 + 8;
      break;
    default:
      trace = -2;
  }
  return trace;
}

/* Error handling as in libpng, libjpeg and Lua: one handler per call, the chain kept in a variable. */
struct handler {
  jmp_buf at;
  struct handler *before;
};
static struct handler *handlers;

static void fail(int code) { longjmp(handlers->at, code); }

static int protect(int (*run)(int), int argument) {
  struct handler here = {.before = handlers};
  handlers = &here;
  const int code = setjmp(here.at);
  const int result = code == 0 ? run(argument) : -code;
  handlers = here.before;
  return result;
}

static int checked(int argument) {
  if (argument > 5) fail(argument);
  return argument * 2;
}

static int recursive(int depth) {
  if (depth == 0) fail(3);
  const int below = protect(recursive, depth - 1);
  if (below < 0 && depth % 2 == 0) fail(-below + depth);
  return below;
}

static int compare(const void *a, const void *b) {
  const int x = *(const int *)a, y = *(const int *)b;
  if (x == 13 || y == 13) longjmp(outer, 13);
  return x - y;
}

static int out_of_a_callback(void) {
  int numbers[] = {5, 3, 13, 1};
  if (setjmp(outer) == 13) return 1;
  qsort(numbers, 4, sizeof *numbers, compare);
  return 0;
}

int main(void) {
  printf("across frames: %d\n", across_frames());
  printf("zero becomes one: %d\n", zero_becomes_one());
  printf("in a loop: %d\n", in_a_loop());
  printf("again and again: %d\n", again_and_again());
  printf("nested: %d\n", nested());
  printf("protected: %d %d\n", protect(checked, 4), protect(checked, 9));
  printf("recursive: %d\n", protect(recursive, 6));
  printf("out of a callback: %d\n", out_of_a_callback());
  return 0;
}
