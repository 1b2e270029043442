/** What std::exception_ptr rests on: references to thrown objects, which may be thrown again at any time. */
#include <exception>

#include "exception.h"

using weft::Flight;
using weft::Thrown;

extern "C" {

void __cxa_increment_exception_refcount(void *object) noexcept {
  if (object != nullptr) weft::thrown_of(object)->references++;
}

void __cxa_decrement_exception_refcount(void *object) noexcept {
  if (object == nullptr) return;
  Thrown *thrown = weft::thrown_of(object);
  if (--thrown->references != 0) return;
  if (thrown->destroy != nullptr) thrown->destroy(object);
  weft::release(thrown);
}

void *__cxa_current_primary_exception() noexcept {
  Flight *flight = __cxa_get_globals()->caught;
  if (flight == nullptr) return nullptr;
  void *object = weft::object_of(flight->thrown);
  __cxa_increment_exception_refcount(object);
  return object;
}

/** Returns only when there is nothing to throw. */
void __cxa_rethrow_primary_exception(void *object) {
  if (object == nullptr) return;
  __cxa_increment_exception_refcount(object);
  auto *flight = static_cast<Flight *>(weft::allocate(sizeof(Flight)));
  *flight = {weft::thrown_of(object), object, nullptr, 0};
  weft::start(flight);
}

}  // extern "C"
