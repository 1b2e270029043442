/**
 * Leaves a secret everywhere a C program can put one, or looks for it everywhere. The input is a letter and the secret; who looks
 * gets it inverted, so that the looking itself leaves nothing to be found. With STDIO, the same as a program with main.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#define SECRET 24

static char in_bss[4096];
static char in_data[64] = "initialised";
static char *kept[8];

static void write_on_stack(const char *secret, int depth) {
  volatile char local[200];
  for (int i = 0; i < 200; i++) local[i] = secret[i % SECRET];
  if (depth > 0) write_on_stack(secret, depth - 1);
  local[0] ^= local[1];
  local[0] ^= local[1];
}

static void write_everywhere(const char *secret, size_t heap) {
  for (size_t i = 0; i + SECRET <= sizeof in_bss; i += SECRET) memcpy(in_bss + i, secret, SECRET);
  memcpy(in_data, secret, SECRET);
  const size_t sizes[] = {SECRET, 100, 5000, 70000, heap};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    kept[i] = malloc(sizes[i]);
    for (size_t at = 0; kept[i] != NULL && at + SECRET <= sizes[i]; at += SECRET) memcpy(kept[i] + at, secret, SECRET);
  }
  char *freed = malloc(3000);
  for (size_t at = 0; at + SECRET <= 3000; at += SECRET) memcpy(freed + at, secret, SECRET);
  free(freed);
  write_on_stack(secret, 40);
  char name[SECRET + 6] = "/tmp/";
  memcpy(name + 5, secret, SECRET);
  name[5 + SECRET] = '\0';
  FILE *file = fopen(name, "w");
  if (file != NULL) {
    fwrite(secret, 1, SECRET, file);
    fclose(file);
  }
  file = fopen("/tmp/kept-open", "w+");
  if (file != NULL) fwrite(secret, 1, SECRET, file); /* neither flushed nor closed */
  setenv("SECRET", name + 5, 1);
  fwrite(secret, 1, SECRET, stderr);
  errno = 77;
}

static int has_secret(const volatile char *at, const char *inverted) {
  for (int i = 0; i < SECRET; i++)
    if (at[i] != (char)~inverted[i]) return 0;
  return 1;
}

static long in_memory(const char *inverted) {
  const size_t end = (size_t)__builtin_wasm_memory_size(0) * 65536 - SECRET;
  const volatile char *volatile from = NULL;
  long found = 0;
  for (size_t at = 0; at <= end; at++)
    if (from[at] == (char)~inverted[0]) found += has_secret(from + at, inverted);
  return found;
}

static int file_is_there(const char *inverted) {
  char name[SECRET + 6] = "/tmp/";
  for (int i = 0; i < SECRET; i++) name[5 + i] = (char)~inverted[i];
  name[5 + SECRET] = '\0';
  struct stat found;
  const int there = stat(name, &found) == 0;
  memset(name, 0, sizeof name);
  return there || stat("/tmp/kept-open", &found) == 0;
}

/** Number of copies in memory, a file, the environment, errno. */
static int look(const char *inverted, char *answer, size_t room) {
  const int before = errno;
  const long copies = in_memory(inverted);
  return snprintf(answer, room, "%ld %d %d %d", copies, file_is_there(inverted), getenv("SECRET") != NULL, before);
}

static int act(char *input, size_t length, char *answer, size_t room) {
  if (length < 1 + SECRET) return -1;
  switch (input[0]) {
    case 'w': write_everywhere(input + 1, 200000); break;
    case 'W': write_everywhere(input + 1, 6000000); break;
    case 't': write_everywhere(input + 1, 200000); abort();
    case 'k': write_everywhere(input + 1, 200000);
      for (volatile int forever = 1; forever;) {}
      break;
    case 'l': return look(input + 1, answer, room);
  }
  return 0;
}

#ifdef STDIO
int main(void) {
  char input[256], answer[128];
  const size_t length = fread(input, 1, sizeof input, stdin);
  const int written = act(input, length, answer, sizeof answer);
  if (written < 0) return 1;
  fwrite(answer, 1, (size_t)written, stdout);
  return 0;
}
#else
#include <weft/v1.h>
int weft_handle(weft_request *request, weft_response *response) {
  static char answer[128];
  size_t length;
  char *input = weft_request_body(request, &length);
  const int written = act(input, length, answer, sizeof answer);
  return written < 0 ? 1 : weft_response_write(response, answer, (size_t)written);
}
#endif
