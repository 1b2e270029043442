/**
 * A function that does what its input says, so that tests can compose workflows: one letter a step, an operand up to ";" or a
 * nested script in braces. It answers with what came of each step.
 */
#include <weft/v1.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static weft_response *response;
static const char *at;
static const char *end;
static int steps;
static int started[16];
static int started_count;

static void say(const char *text) { weft_response_write(response, text, strlen(text)); }

static void say_number(long number) {
  char text[24];
  snprintf(text, sizeof text, "%ld", number);
  say(text);
}

static const char *operand(size_t *length) {
  const char *start = at;
  while (at < end && *at != ';') at++;
  *length = (size_t)(at - start);
  if (at < end) at++;
  return start;
}

static long number(void) {
  size_t length;
  const char *text = operand(&length);
  long value = 0;
  for (size_t i = 0; i < length; i++) value = value * 10 + (text[i] - '0');
  return value;
}

/** Name of a function and its script: `b{…}`. */
static const char *target(char name[2], size_t *length) {
  name[0] = *at++;
  name[1] = '\0';
  const char *start = ++at;
  for (int depth = 1; at < end; at++) {
    if (*at == '{') depth++;
    if (*at == '}' && --depth == 0) break;
  }
  *length = (size_t)(at - start);
  if (at < end) at++;
  return start;
}

static void say_result(int error, const weft_result *result) {
  if (error != WEFT_OK) {
    say("!");
    say_number(-error);
    say("/");
    say_number(result->status);
    return;
  }
  say("(");
  say_number(result->status);
  say(" ");
  weft_response_write(response, result->data, result->length);
  say(")");
}

static void call(void) {
  char name[2];
  size_t length;
  const char *script = target(name, &length);
  weft_result result;
  const int error = weft_call(name, script, length, &result);
  say_result(error, &result);
}

/** The same into a buffer that is nearly always too small. */
static void call_into(void) {
  char name[2];
  size_t length;
  const char *script = target(name, &length);
  char first[3];
  const int32_t answer = weft_call_into(weft_find(name), script, length, first, sizeof first);
  const int status = weft_call_status();
  const size_t whole = answer < 0 ? 0 : (size_t)answer;
  char *output = malloc(whole + sizeof first);
  if (output == NULL) {
    say("no memory");
    return;
  }
  memcpy(output, first, sizeof first);
  if (whole > sizeof first && weft_call_rest(output + sizeof first, sizeof first, whole - sizeof first) != WEFT_OK) say("rest missing");
  say_result(answer < 0 ? answer : WEFT_OK, &(weft_result){.status = status, .data = output, .length = whole});
  free(output);
}

static void start(void) {
  char name[2];
  size_t length;
  const char *script = target(name, &length);
  const int handle = weft_start(name, script, length);
  if (handle < 0) say_number(handle);
  else if (started_count < 16) started[started_count++] = handle;
}

static void wait_all(void) {
  for (int i = 0; i < started_count; i++) {
    weft_result result;
    const int error = weft_wait(started[i], &result);
    say_result(error, &result);
  }
  started_count = 0;
}

static int overflow(volatile int n) {
  volatile char room[256];
  room[n & 255] = (char)n;
  return overflow(n + 1) + room[0];
}

static void fill_memory(void) {
  static char *volatile last;
  while ((last = malloc(32768)) != NULL) memset(last, 0x5a, 32768);
  say("full");
}

static void answer_bytes(size_t count) {
  char *bytes = malloc(count + 1);
  if (bytes == NULL) {
    say("no memory");
    return;
  }
  for (size_t i = 0; i < count; i++) bytes[i] = (char)('a' + i % 23);
  weft_response_write(response, bytes, count);
  free(bytes);
}

static void use_the_host(void) {
  char bytes[8];
  weft_random(bytes, sizeof bytes);
  if (weft_unix_time_ns() <= 0 || weft_monotonic_time_ns() <= 0) say("no time");
  say(weft_env("NOTHING") == NULL ? "." : "env");
}

static void log_operand(void) {
  size_t length;
  const char *text = operand(&length);
  weft_log_bytes(WEFT_INFO, text, length);
}

static void say_operand(void) {
  size_t length;
  const char *text = operand(&length);
  weft_response_write(response, text, length);
}

/** 0, or what weft_handle is to return. */
static int step(char letter) {
  int (*volatile nowhere)(int) = NULL;
  volatile int one = 1, zero = 0;
  char rest[4];
  switch (letter) {
    case 'e': say_operand(); break;
    case 'c': call(); break;
    case 'C': call_into(); break;
    case 's': start(); break;
    case 'w': wait_all(); break;
    case 't': __builtin_trap();
    case 'a': abort();
    case 'd': say_number(one / zero); break;
    case 'u': nowhere(1); break;
    case 'f': return 1;
    case 'x': exit((int)number());
    case 'z': weft_sleep_ms((double)number()); break;
    case 'o': overflow(0); break;
    case 'm': fill_memory(); break;
    case 'n': say_number(++steps); break;
    case 'r': answer_bytes((size_t)number()); break;
    case 'k': for (;;) zero = 1;
    case 'h': weft_response_status(response, (int)number()); break;
    case 'l': log_operand(); break;
    case 'p': say_number(weft_call_into(weft_find("b"), (void *)0xfffffff0u, 100, NULL, 0)); break;
    case 'P': say_number(weft_call_into(weft_find("b"), "e1234;", 6, (void *)0xfffffff0u, 100)); break;
    case 'R': say_number(weft_call_rest(rest, 0, 1)); break;
    case 'q': use_the_host(); break;
    default: say("?");
  }
  return 0;
}

int weft_handle(weft_request *request, weft_response *answer) {
  size_t length;
  response = answer;
  started_count = 0;
  at = weft_request_body(request, &length);
  end = at + length;
  while (at < end) {
    const int failed = step(*at++);
    if (failed) return failed;
  }
  return 0;
}
