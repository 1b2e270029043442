/** std::terminate and its handlers. Before the trap, the log is told why. */
#include <cstdlib>
#include <exception>
#include <new>

#include "exception.h"
#include "message.h"

namespace {

const std::exception *as_standard(weft::Flight *flight) {
  void *adjusted;
  return weft::matches(&typeid(std::exception), flight->thrown, adjusted) ? static_cast<std::exception *>(adjusted) : nullptr;
}

/** A handler may be calling this, or an unwinding that met a noexcept. */
weft::Flight *why() {
  const weft::Globals *globals = __cxa_get_globals();
  return globals->uncaught > 0 ? weft::last_flight : globals->caught;
}

[[noreturn]] void last_words() {
  weft::Message message;
  message.add("std::terminate was called");
  if (weft::Flight *flight = why(); flight != nullptr) {
    message.add(" with an exception of type ");
    message.add(flight->thrown->type->name());
    if (const std::exception *error = as_standard(flight); error != nullptr) {
      message.add(": ");
      message.add(error->what());
    }
  }
  message.log();
  std::abort();
}

}  // namespace

extern "C" {

std::terminate_handler __cxa_terminate_handler = last_words;
void (*__cxa_unexpected_handler)() = std::terminate;
std::new_handler __cxa_new_handler = nullptr;

/** libc++abi says this where it gives up, of itself (a pure virtual call, for example). */
[[noreturn]] void __abort_message(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  weft::end_with(format, arguments);
}

}  // extern "C"

namespace {

template <typename Handler>
Handler put_in_place(Handler &kept, Handler given, Handler otherwise) {
  const Handler before = kept;
  kept = given != nullptr ? given : otherwise;
  return before;
}

}  // namespace

namespace std {

terminate_handler set_terminate(terminate_handler handler) noexcept {
  return put_in_place(__cxa_terminate_handler, handler, static_cast<terminate_handler>(last_words));
}
terminate_handler get_terminate() noexcept { return __cxa_terminate_handler; }

new_handler set_new_handler(new_handler handler) noexcept {
  return put_in_place(__cxa_new_handler, handler, static_cast<new_handler>(nullptr));
}
new_handler get_new_handler() noexcept { return __cxa_new_handler; }

/** A handler that throws is one that returns: it must do neither. */
[[noreturn]] void __terminate(terminate_handler handler) noexcept {
  try {
    handler();
  } catch (...) {
    __abort_message("the terminate handler threw an exception");
  }
  __abort_message("the terminate handler returned");
}

void terminate() noexcept { __terminate(get_terminate()); }

}  // namespace std
