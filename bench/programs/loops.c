/* The worst case: loops with hardly anything in them. A checksum that depends on itself, and a search for a byte. */
#include <stdint.h>

#define BYTES (1 << 18)

static uint8_t data[BYTES + 1];

static uint32_t adler(void) {
  uint32_t a = 1, b = 0;
  for (uint32_t i = 0; i < BYTES; i++) {
    a = (a + data[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

static uint32_t length(void) {
  const volatile uint8_t *p = data;
  while (*p) p++;
  return (uint32_t)(p - data);
}

__attribute__((export_name("run"))) uint32_t run(uint32_t rounds) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < BYTES; i++) data[i] = (uint8_t)(i % 251 + 1);
  while (rounds--) {
    sum += adler();
    for (int i = 0; i < 8; i++) sum += length();
  }
  return sum;
}
