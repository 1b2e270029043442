// setjmp beside exceptions.
#include <setjmp.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

jmp_buf target;

__attribute__((noinline)) void jump(int value) { longjmp(target, value); }

__attribute__((noinline)) int both(int way) {
  volatile int steps = 1;
  try {
    const int value = setjmp(target);
    if (value != 0) return value + steps;
    steps = 100;
    if (way == 0) jump(5);
    if (way == 1) throw std::runtime_error("thrown");
    return 0;
  } catch (const std::exception &) {
    return -steps;
  }
}

__attribute__((noinline)) int out_of_a_handler() {
  const int value = setjmp(target);
  if (value != 0) return value;
  try {
    throw 9;
  } catch (int thrown) {
    const int kept = thrown;
    jump(kept);
  }
  return 0;
}

__attribute__((noinline)) std::string past_a_catch() {
  const int value = setjmp(target);
  if (value != 0) return "jumped " + std::to_string(value);
  try {
    jump(3);
  } catch (...) {
    return "caught";
  }
  return "neither";
}

}  // namespace

int main() {
  std::printf("jump: %d\n", both(0));
  std::printf("throw: %d\n", both(1));
  std::printf("neither: %d\n", both(2));
  std::printf("out of a handler: %d\n", out_of_a_handler());
  std::printf("past a catch: %s\n", past_a_catch().c_str());
}
