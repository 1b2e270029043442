/* Recursion: a quicksort with a comparison through a function pointer, and Ackermann's function. */
#include <stdint.h>
#include <stdlib.h>

#define COUNT 50000

static uint32_t values[COUNT];

static int ascending(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static void swap(uint32_t *a, uint32_t *b) { uint32_t t = *a; *a = *b; *b = t; }

static void quicksort(uint32_t *from, uint32_t *to, int (*compare)(const void *, const void *)) {
  if (to - from < 2) return;
  uint32_t pivot = from[(to - from) / 2], *low = from, *high = to - 1;
  while (low <= high) {
    while (compare(low, &pivot) < 0) low++;
    while (compare(high, &pivot) > 0) high--;
    if (low <= high) swap(low++, high--);
  }
  quicksort(from, high + 1, compare);
  quicksort(low, to, compare);
}

static uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

__attribute__((export_name("run"))) uint32_t run(uint32_t rounds) {
  uint32_t state = 1, sum = 0;
  int (*volatile compare)(const void *, const void *) = ascending;
  while (rounds--) {
    for (int i = 0; i < COUNT; i++) values[i] = state = state * 1664525u + 1013904223u;
    quicksort(values, values + COUNT, compare);
    sum += values[COUNT / 2] + ackermann(2, 200);
  }
  return sum;
}
