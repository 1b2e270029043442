/* A small LZ77 compressor in the manner of LZ4: greedy, one hash table; compresses text and expands it again. */
#include <stdint.h>
#include <string.h>

#define INPUT_BYTES (1 << 20)
#define HASH_BITS 14

static uint8_t input[INPUT_BYTES], packed[INPUT_BYTES * 2], output[INPUT_BYTES];
static uint32_t heads[1 << HASH_BITS];

static uint32_t random_state = 12345;
static uint32_t next_random(void) { return random_state = random_state * 1664525u + 1013904223u; }

static void fill_with_words(void) {
  static const char *const words[] = {"the ", "context ", "of ", "a ", "function ", "switches ", "memory ", "and ", "returns ", "request "};
  uint32_t at = 0;
  while (at < INPUT_BYTES - 16) {
    const char *word = words[(next_random() >> 16) % 10];
    while (*word) input[at++] = (uint8_t)*word++;
    if ((next_random() >> 20) % 4 == 0) input[at++] = (uint8_t)('0' + (next_random() >> 24) % 10);
  }
}

static uint32_t load32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }

static uint8_t *put_length(uint8_t *to, uint32_t length) {
  while (length >= 255) { *to++ = 255; length -= 255; }
  *to++ = (uint8_t)length;
  return to;
}

static uint8_t *put_literals(uint8_t *to, const uint8_t *from, uint32_t length) {
  to = put_length(to, length);
  for (uint32_t i = 0; i < length; i++) to[i] = from[i];
  return to + length;
}

static uint32_t compress(void) {
  memset(heads, 0, sizeof(heads));
  uint8_t *to = packed;
  uint32_t literals = 0, at = 1;
  while (at + 8 < INPUT_BYTES) {
    uint32_t *head = &heads[(load32(input + at) * 2654435761u) >> (32 - HASH_BITS)];
    uint32_t candidate = *head;
    *head = at;
    if (at - candidate > 65535 || load32(input + candidate) != load32(input + at)) { at++; continue; }
    uint32_t length = 4;
    while (at + length < INPUT_BYTES && input[candidate + length] == input[at + length]) length++;
    to = put_literals(to, input + literals, at - literals);
    *to++ = (uint8_t)(at - candidate);
    *to++ = (uint8_t)((at - candidate) >> 8);
    to = put_length(to, length - 4);
    at += length;
    literals = at;
  }
  to = put_literals(to, input + literals, INPUT_BYTES - literals);
  return (uint32_t)(to - packed);
}

static const uint8_t *get_length(const uint8_t *from, uint32_t *length) {
  *length = 0;
  while (*from == 255) *length += *from++;
  *length += *from++;
  return from;
}

static void expand(uint32_t size) {
  const uint8_t *from = packed, *end = packed + size;
  uint8_t *to = output;
  for (;;) {
    uint32_t length;
    from = get_length(from, &length);
    for (uint32_t i = 0; i < length; i++) to[i] = from[i];
    to += length;
    from += length;
    if (from >= end) return;
    uint32_t distance = from[0] | (uint32_t)from[1] << 8;
    from = get_length(from + 2, &length);
    const uint8_t *match = to - distance;
    for (uint32_t i = 0; i < length + 4; i++) to[i] = match[i];
    to += length + 4;
  }
}

__attribute__((export_name("run"))) uint32_t run(uint32_t rounds) {
  uint32_t size = 0;
  if (input[0] == 0) fill_with_words();
  while (rounds--) {
    size = compress();
    expand(size);
  }
  return memcmp(input, output, INPUT_BYTES) == 0 ? size : 0;
}
