/**
 * Finds the handler for an exception. WebAssembly has unwound already: each landing pad asks which of its clauses, if any, is to run.
 * It names itself and its function's table (LSDA), which lists for each landing pad the types that its handlers catch.
 */
#include <exception>

#include "exception.h"

using weft::Flight;
using weft::Thrown;

/** Clang's code writes the first two and reads the third. */
struct LandingPad {
  uintptr_t index;
  const uint8_t *table;
  uintptr_t selector;
};

extern "C" LandingPad __wasm_lpad_context;
LandingPad __wasm_lpad_context;

/** libc++abi has the rules of matching, as virtual functions of its type information; these are their places. */
namespace __cxxabiv1 {

class __shim_type_info : public std::type_info {
 public:
  ~__shim_type_info() override;
  virtual void noop1() const;
  virtual void noop2() const;
  virtual bool can_catch(const __shim_type_info *thrown, void *&adjusted) const = 0;
};

}  // namespace __cxxabiv1

namespace weft {

bool matches(const std::type_info *type, Thrown *thrown, void *&adjusted) {
  using __cxxabiv1::__shim_type_info;
  adjusted = object_of(thrown);
  // Every type_info that a compiler makes is one of libc++abi's.
  return static_cast<const __shim_type_info *>(type)->can_catch(static_cast<const __shim_type_info *>(thrown->type), adjusted);
}

namespace {

constexpr uint8_t omitted = 0xff;

class Reader {
 public:
  explicit Reader(const uint8_t *at) : at_(at) {}

  const uint8_t *at() const { return at_; }
  uint8_t byte() { return *at_++; }

  uintptr_t unsigned_number() {
    uintptr_t number = 0;
    unsigned shift = 0;
    uint8_t read;
    do {
      read = byte();
      number |= static_cast<uintptr_t>(read & 0x7f) << shift;
      shift += 7;
    } while (read & 0x80);
    return number;
  }

  intptr_t signed_number() {
    uintptr_t number = 0;
    unsigned shift = 0;
    uint8_t read;
    do {
      read = byte();
      number |= static_cast<uintptr_t>(read & 0x7f) << shift;
      shift += 7;
    } while (read & 0x80);
    if ((read & 0x40) && shift < sizeof number * 8) number |= ~uintptr_t{0} << shift;
    return static_cast<intptr_t>(number);
  }

 private:
  const uint8_t *at_;
};

/** A function's table. Addresses in it are absolute, as clang writes them where nothing is relocated at run time. */
class Table {
 public:
  explicit Table(const uint8_t *table) : pads_(table) {
    if (pads_.byte() != omitted) std::terminate();
    if (pads_.byte() != omitted) {
      const uintptr_t offset = pads_.unsigned_number();
      types_ = pads_.at() + offset;
    }
    pads_.byte();
    const uintptr_t bytes = pads_.unsigned_number();
    actions_ = pads_.at() + bytes;
  }

  /** First action of a landing pad; nothing when all it does is to clean up. */
  const uint8_t *actions_of(uintptr_t landing_pad) const {
    Reader reader = pads_;
    for (uintptr_t i = 0; i < landing_pad; i++) skip(reader);
    reader.unsigned_number();
    const uintptr_t action = reader.unsigned_number();
    return action == 0 ? nullptr : actions_ + action - 1;
  }

  /** Types are numbered from 1, backwards; none is `catch (...)`. */
  const std::type_info *type(uintptr_t number) const {
    return *(reinterpret_cast<const std::type_info *const *>(types_) - number);
  }

  /** The types that a function may let out (`throw(A, B)` of old C++), as numbers up to a 0. */
  Reader permitted(uintptr_t number) const { return Reader(types_ + number - 1); }

 private:
  static void skip(Reader &reader) {
    reader.unsigned_number();
    reader.unsigned_number();
  }

  Reader pads_;
  const uint8_t *types_ = nullptr;
  const uint8_t *actions_ = nullptr;
};

bool is_permitted(const Table &table, uintptr_t number, Thrown *thrown) {
  Reader reader = table.permitted(number);
  void *unused;
  for (uintptr_t type = reader.unsigned_number(); type != 0; type = reader.unsigned_number()) {
    if (matches(table.type(type), thrown, unused)) return true;
  }
  return false;
}

/** Does this clause take the exception? A positive selector is a type, a negative one a list of them, 0 cleans up. */
bool takes(const Table &table, intptr_t selector, Flight *flight) {
  if (selector == 0) return false;
  if (selector < 0) return !is_permitted(table, static_cast<uintptr_t>(-selector), flight->thrown);
  const std::type_info *type = table.type(static_cast<uintptr_t>(selector));
  void *adjusted = object_of(flight->thrown);
  if (type != nullptr && !matches(type, flight->thrown, adjusted)) return false;
  flight->adjusted = adjusted;
  return true;
}

intptr_t select(const LandingPad &pad, Flight *flight) {
  const Table table(pad.table);
  for (const uint8_t *at = table.actions_of(pad.index); at != nullptr;) {
    Reader reader(at);
    const intptr_t selector = reader.signed_number();
    if (takes(table, selector, flight)) return selector;
    const uint8_t *base = reader.at();
    const intptr_t next = reader.signed_number();
    at = next == 0 ? nullptr : base + next;
  }
  return 0;
}

}  // namespace
}  // namespace weft

extern "C" int _Unwind_CallPersonality(void *exception) {
  constexpr int no_reason = 0;
  __wasm_lpad_context.selector = static_cast<uintptr_t>(weft::select(__wasm_lpad_context, static_cast<Flight *>(exception)));
  return no_reason;
}
