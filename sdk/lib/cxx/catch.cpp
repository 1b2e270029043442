/** The second half: what handlers do. */
#include <exception>

#include "exception.h"

using weft::Flight;
using weft::Globals;

namespace {

/** One that was thrown on lives in its next handler; else the last handler ends it. */
void leave(Globals *globals, Flight *flight) {
  const bool thrown_on = flight->handlers < 0;
  flight->handlers += thrown_on ? 1 : -1;
  if (flight->handlers != 0) return;
  globals->caught = flight->outer;
  if (thrown_on) return;
  void *object = weft::object_of(flight->thrown);
  if (weft::is_dependent(flight)) weft::release(flight);
  abi::__cxa_decrement_exception_refcount(object);
}

}  // namespace

extern "C" {

void *__cxa_get_exception_ptr(void *flight) noexcept { return static_cast<Flight *>(flight)->adjusted; }

void *__cxa_begin_catch(void *caught) noexcept {
  auto *flight = static_cast<Flight *>(caught);
  Globals *globals = __cxa_get_globals();
  flight->handlers = (flight->handlers < 0 ? -flight->handlers : flight->handlers) + 1;
  if (globals->caught != flight) {
    flight->outer = globals->caught;
    globals->caught = flight;
  }
  globals->uncaught--;
  return flight->adjusted;
}

/** The destructor of what was thrown may throw: then that goes on from here. */
void __cxa_end_catch() {
  Globals *globals = __cxa_get_globals();
  if (globals->caught != nullptr) leave(globals, globals->caught);
}

std::type_info *__cxa_current_exception_type() {
  Flight *flight = __cxa_get_globals()->caught;
  return flight == nullptr ? nullptr : const_cast<std::type_info *>(flight->thrown->type);  // as the ABI has it
}

unsigned __cxa_uncaught_exceptions() noexcept { return __cxa_get_globals()->uncaught; }
bool __cxa_uncaught_exception() noexcept { return __cxa_uncaught_exceptions() != 0; }

}  // extern "C"
