/** The first half of the Itanium C++ ABI's exceptions, level 2: from `throw` to the unwinding, which WebAssembly does. */
#include <cstring>
#include <exception>
#include <new>

#include "exception.h"

using weft::Destructor;
using weft::Flight;
using weft::Thrown;

namespace weft {

constexpr int cpp_exception_tag = 0;

[[noreturn]] void start(Flight *flight) {
  last_flight = flight;
  __cxa_get_globals()->uncaught++;
  __builtin_wasm_throw(cpp_exception_tag, flight);
}

}  // namespace weft

extern "C" {

void *__cxa_allocate_exception(size_t bytes) noexcept {
  auto *thrown = static_cast<Thrown *>(weft::allocate(sizeof(Thrown) + bytes));
  std::memset(thrown, 0, sizeof *thrown);
  return weft::object_of(thrown);
}

void __cxa_free_exception(void *object) noexcept { weft::release(weft::thrown_of(object)); }

/** Also for std::make_exception_ptr, which throws nothing. */
abi::__cxa_exception *__cxa_init_primary_exception(void *object, std::type_info *type, Destructor destroy) noexcept {
  Thrown *thrown = weft::thrown_of(object);
  *thrown = {{thrown, object, nullptr, 0}, type, destroy, 0};
  return reinterpret_cast<abi::__cxa_exception *>(thrown);  // nobody but this folder knows what it is
}

void __cxa_throw(void *object, std::type_info *type, Destructor destroy) {
  __cxa_init_primary_exception(object, type, destroy);
  Thrown *thrown = weft::thrown_of(object);
  thrown->references = 1;
  weft::start(&thrown->flight);
}

void __cxa_rethrow() {
  Flight *flight = __cxa_get_globals()->caught;
  if (flight == nullptr) std::terminate();
  flight->handlers = -flight->handlers;
  weft::start(flight);
}

void __cxa_bad_cast() { throw std::bad_cast(); }
void __cxa_bad_typeid() { throw std::bad_typeid(); }
void __cxa_throw_bad_array_new_length() { throw std::bad_array_new_length(); }

}  // extern "C"
