// A function that fails in the way its request names.
#include <weft/v1.hpp>

#include <csetjmp>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Thrower {
  ~Thrower() noexcept(false) { throw std::runtime_error("from a destructor"); }
};

void loud() { throw std::logic_error("out of a noexcept function"); }
void quiet() noexcept { loud(); }

__attribute__((noinline)) int overflow(volatile int *above) {
  volatile int here[256] = {*above};
  return overflow(here) + here[1];
}

/** Takes all memory in ever smaller pieces, so that nothing is left even for what is thrown. */
std::string exhaust() {
  std::vector<void *> taken;
  taken.reserve(1 << 16);
  size_t failures = 0;
  for (size_t bytes = 1 << 22; bytes >= 8;) {
    try {
      taken.push_back(::operator new(bytes));
    } catch (const std::bad_alloc &) {
      failures++;
      bytes /= 2;
    }
    if (taken.size() == taken.capacity()) break;
  }
  for (void *memory : taken) ::operator delete(memory);
  return failures >= 15 ? "caught, and memory given back" : "too few failures";
}

const std::map<std::string, std::function<std::string()>> ways = {
    {"nothing", [] { return std::string("fine"); }},
    {"throw", []() -> std::string { throw std::runtime_error("the reason"); }},
    {"throw int", []() -> std::string { throw 42; }},
    {"noexcept", [] { return quiet(), std::string(); }},
    {"while unwinding",
     []() -> std::string {
       Thrower thrower;
       throw std::runtime_error("first");
     }},
    {"rethrow nothing", []() -> std::string { throw; }},
    {"terminate", []() -> std::string { std::terminate(); }},
    {"handler",
     []() -> std::string {
       std::set_terminate([] { std::_Exit(3); });
       std::terminate();
     }},
    {"trap in try",
     [] {
       try {
         std::abort();
       } catch (...) {
         return std::string("swallowed");
       }
     }},
    {"overflow in try",
     [] {
       try {
         volatile int start = 0;
         return std::to_string(overflow(&start));
       } catch (...) {
         return std::string("swallowed");
       }
     }},
    {"spin in try",
     [] {
       for (;;) {
         try {
           for (volatile int i = 0;; i = i + 1) continue;
         } catch (...) {
           return std::string("swallowed");
         }
       }
     }},
    {"exhaust", exhaust},
    {"many throws",
     [] {
       int caught = 0;
       for (int i = 0; i < 20000; i++) {
         try {
           throw std::to_string(i) + std::string(100, 'x');
         } catch (const std::string &text) {
           caught += text.size() > 100;
         }
       }
       return std::to_string(caught);
     }},
    {"call",
     []() -> std::string {
       weft_result result;
       const int error = weft_call("callee", "throw", 5, &result);
       try {
         if (error != 0) throw std::runtime_error(weft_error_text(error));
         return "answered";
       } catch (const std::exception &failure) {
         return std::string("caller goes on: ") + failure.what();
       }
     }},
};

}  // namespace

extern "C" int weft_handle(weft_request *request, weft_response *response) {
  size_t length;
  const auto *body = static_cast<const char *>(weft_request_body(request, &length));
  const auto way = ways.find(std::string(body, length));
  const std::string answer = way == ways.end() ? "no such way" : way->second();
  return weft_response_write(response, answer.data(), answer.size());
}
