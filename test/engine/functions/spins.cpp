// Ways to run for ever, and to try to hold on to the thread when the time is over. The input's first letter chooses.
#include <weft/v1.hpp>

#include <stdexcept>

namespace {

volatile int yes = 1;

void spin() {
  while (yes) {
  }
}

struct SpinsWhenDestroyed {
  ~SpinsWhenDestroyed() { spin(); }
};

int calls_itself(int depth) {
  volatile char room[64] = {};
  return yes ? calls_itself(depth + 1) + room[depth & 63] : depth;
}

int even(unsigned n);
__attribute__((noinline)) int odd(unsigned n) { return n == 0 ? 0 : even(n - 1); }
__attribute__((noinline)) int even(unsigned n) { return n == 0 ? 1 : odd(n - 1); }

void destroyed_while_unwinding() {
  try {
    SpinsWhenDestroyed spins;
    throw std::runtime_error("unwinds");
  } catch (...) {
  }
}

void caught_again_and_again() {
  for (;;) {
    try {
      SpinsWhenDestroyed spins;
      spin();
    } catch (...) {
      spin();
    }
  }
}

void throws_for_ever() {
  for (;;) {
    try {
      throw 1;
    } catch (int) {
    }
  }
}

void waits_for_ever() {
  for (;;) {
    try {
      weft_sleep_ms(1);
    } catch (...) {
    }
  }
}

void calls_for_ever() {
  for (;;) {
    weft_result result;
    weft_call("echo", "x", 1, &result);
  }
}

void logs_for_ever() {
  for (;;) weft_log(WEFT_INFO, "again and again");
}

}  // namespace

extern "C" int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const char *input = static_cast<const char *>(weft_request_body(request, &length));
  switch (length > 0 ? input[0] : ' ') {
    case 's': spin(); break;
    case 'd': destroyed_while_unwinding(); break;
    case 'c': caught_again_and_again(); break;
    case 't': throws_for_ever(); break;
    case 'w': waits_for_ever(); break;
    case 'f': calls_for_ever(); break;
    case 'l': logs_for_ever(); break;
    case 'm': while (yes) odd(even(4000000000u) + 3999999999u); break;
    case 'r': return calls_itself(0);
  }
  return weft_response_write(response, "done", 4);
}
