/**
 * What is kept of a thrown object. Clang's code passes a `Flight *` from a throw to its handler: that is the payload of the WebAssembly
 * tag `__cpp_exception`. An object that was thrown once has one flight, beside it; std::rethrow_exception gives it another,
 * since the two may be caught, and thrown on, independently of each other (Itanium C++ ABI: "dependent exception").
 */
#pragma once
#include <cxxabi.h>

#include <cstddef>
#include <cstdint>
#include <typeinfo>

namespace weft {

struct Thrown;

struct Flight {
  Thrown *thrown;
  /** What the handler gets: the object, or its base class, or what it points to. */
  void *adjusted;
  /** The one caught before, while this is being handled. */
  Flight *outer;
  /** Handlers that are active; negative once it was thrown on by one of them. */
  int handlers;
};

/** A destructor returns its object: WebAssembly's variant of the C++ ABI. */
using Destructor = void *(*)(void *);

/** Stands right before the object. */
struct alignas(16) Thrown {
  Flight flight;
  const std::type_info *type;
  Destructor destroy;
  /** The flights and the exception_ptrs that need it. */
  size_t references;
};

inline Thrown *thrown_of(void *object) { return static_cast<Thrown *>(object) - 1; }
inline void *object_of(Thrown *thrown) { return thrown + 1; }
inline bool is_dependent(const Flight *flight) { return flight != &flight->thrown->flight; }

/** What libc++abi keeps for each thread; here there is one. */
struct Globals {
  Flight *caught;
  unsigned uncaught;
};

/** The last one that was thrown: whose unwinding ended in std::terminate, when it did. */
inline Flight *last_flight;

void *allocate(size_t bytes);
void release(void *memory);

/** Can be caught as `type`? Then `adjusted` is set to what its handler gets. */
bool matches(const std::type_info *type, Thrown *thrown, void *&adjusted);

[[noreturn]] void start(Flight *flight);

}  // namespace weft

extern "C" weft::Globals *__cxa_get_globals();
