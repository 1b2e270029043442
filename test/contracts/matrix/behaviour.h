/* What each function of the matrix does: it answers what it got, or does what the first word of its input says. */
#include <stddef.h>
#include <string.h>

enum behaviour { ECHO, FAIL, CRASH, SPIN, FLOOD, HEADER, CALL };

enum { FLOOD_BYTES = 64 * 1024, FLOOD_PIECES = 512 };

static enum behaviour behaviour_of(const char *input, size_t length) {
  static const char *const words[] = {"!fail", "!crash", "!spin", "!flood", "!header", "!call"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (length == strlen(words[i]) && memcmp(input, words[i], length) == 0) return (enum behaviour)(FAIL + i);
  }
  return ECHO;
}

static void crash(void) { __builtin_trap(); }

static inline void spin(void) {
  for (volatile unsigned turns = 0;; turns++) continue;
}

#ifndef __wasm__
#include <unistd.h>

/* A server that takes many requests at once goes on after the deadline of one: it should not cost the tests behind it a core. */
static inline void hang(void) {
  for (;;) pause();
}
#endif
