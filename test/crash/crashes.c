/** Ways in which functions go wrong. The first letter of the input chooses one; with STDIO this is a program with main. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef STDIO
#include <weft/v1.h>
static weft_response *response;
#endif

static char line[1024];

static int recurse(volatile int depth) {
  volatile char room[128];
  room[depth & 127] = 1;
  return recurse(depth + 1) + room[0];
}

static void use_stack(size_t size) {
  volatile char *room = __builtin_alloca(size);
  memset((char *)room, 1, size);
  if (room[size - 1] != 1) puts("strange");
}

static void overrun_a_buffer(void) {
  char *volatile small = malloc(8);
  for (size_t i = 0;; i += 4096) small[i] = 1;
}

static void corrupt_the_heap(void) {
  char *volatile first = malloc(24);
  char *volatile second = malloc(24);
  memset(first - 16, 0xff, 200);
  free(second);
  free(first);
  for (int i = 0; i < 1000; i++) memset(malloc((size_t)i * 7 + 1), 0xff, (size_t)i * 7 + 1);
}

static void grow_all(void) {
  while (__builtin_wasm_memory_grow(0, 16) != (size_t)-1) {}
  while (__builtin_wasm_memory_grow(0, 1) != (size_t)-1) {}
}

static void fill_tmp(void) {
  char name[32];
  for (int i = 0; i < 100000; i++) {
    snprintf(name, sizeof name, "/tmp/%d", i);
    const int file = open(name, O_CREAT | O_WRONLY, 0600);
    if (file < 0) return;
    while (write(file, line, sizeof line) > 0) {}
    close(file);
  }
}

static void leak_descriptors(void) {
  int last = 0;
  for (int i = 0; i < 1000000 && last >= 0; i++) last = open("/tmp/leaked", O_CREAT | O_RDWR, 0600);
}

static void flood(int to, long megabytes) {
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  for (long i = 0; i < megabytes * 1024; i++)
    if (write(to, line, sizeof line) < 0) return;
}

static int go_wrong(char letter) {
  int (*volatile nowhere)(int) = NULL;
  int (*volatile odd)(int, int, double) = (int (*)(int, int, double))(void *)recurse;
  volatile int one = 1, zero = 0;
  volatile int least = INT32_MIN;
  volatile double large = 1e300;
  static jmp_buf stale;
  switch (letter) {
    case 's': while (one) {} break;
    case 'r': return recurse(0);
    case 't': __builtin_trap();
    case 'a': abort();
    case 'd': return one / zero;
    case 'D': return least / (zero - 1);
    case 'c': return (int)(long long)large;
    case 'u': return nowhere(1);
    case 'U': return odd(1, 2, 3.0);
    case 'w': *(volatile int *)0xfffffff0u = 1; break;
    case 'o': overrun_a_buffer(); break;
    case 'h': corrupt_the_heap(); break;
    case 'L': use_stack((size_t)atoi("100000000")); break;
    case 'g': grow_all(); break;
    case 'G': grow_all(); abort();
    case 'x': printf("before"); exit(3);
    case 'X': printf("before"); exit(0);
    case '_': _Exit(5);
    case 'f': flood(1, 200); break;
    case 'e': flood(2, 200); break;
    case 'T': fill_tmp(); break;
    case 'F': leak_descriptors(); break;
    case 'j': longjmp(stale, 1);
#ifndef STDIO
    case 'l': for (int i = 0; i < 300000; i++) weft_log_bytes(WEFT_INFO, line, sizeof line); break;
    case 'R': for (int i = 0; i < 3000000; i++) weft_monotonic_time_ns(); break;
    case 'H': while (weft_response_header(response, "X-Flood", "and again and again and again") == WEFT_OK) {} break;
    case 'n': for (int i = 0; i < 5000; i++) weft_start("callee", "x", 1); break;
    case 'b': while (weft_response_write(response, line, sizeof line) == WEFT_OK) {} break;
    case 'S': while (weft_response_send(response, line, sizeof line) == WEFT_OK) {} break;
    case 'N': for (int i = 0; i < 100000; i++) weft_find("no such function"); break;
#endif
  }
  return 0;
}

#ifdef STDIO
int main(void) {
  const int letter = getchar();
  const int result = go_wrong((char)letter);
  if (letter == 'k') fputs("fine", stdout);
  return result & 127;
}
#else
int weft_handle(weft_request *request, weft_response *answer) {
  size_t length;
  response = answer;
  const char *input = weft_request_body(request, &length);
  const int result = go_wrong(length > 0 ? input[0] : 'k');
  return result ? result : weft_response_write(answer, "fine", 4);
}
#endif
