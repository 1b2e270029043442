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

static void spin(void) {
  for (volatile unsigned turns = 0;; turns++) continue;
}
