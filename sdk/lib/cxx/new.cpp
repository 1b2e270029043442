/** operator new that throws when there is no memory; libc++abi's would end the program. Weak, as a program may bring its own. */
#include <cstdlib>
#include <new>

namespace {

/** As the standard has it: the new handler may make room, throw, or not return. */
template <typename Take>
void *take_or_throw(Take take) {
  for (;;) {
    if (void *memory = take(); memory != nullptr) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

size_t round_up(size_t bytes, size_t alignment) {
  const size_t rounded = (bytes + alignment - 1) & ~(alignment - 1);
  return rounded < bytes ? bytes : rounded;
}

}  // namespace

#define REPLACEABLE __attribute__((weak))

REPLACEABLE void *operator new(size_t bytes) {
  return take_or_throw([bytes] { return std::malloc(bytes == 0 ? 1 : bytes); });
}

REPLACEABLE void *operator new(size_t bytes, std::align_val_t align) {
  const size_t alignment = static_cast<size_t>(align) < sizeof(void *) ? sizeof(void *) : static_cast<size_t>(align);
  return take_or_throw([=] { return std::aligned_alloc(alignment, round_up(bytes == 0 ? 1 : bytes, alignment)); });
}

REPLACEABLE void *operator new(size_t bytes, const std::nothrow_t &) noexcept {
  try {
    return ::operator new(bytes);
  } catch (...) {
    return nullptr;
  }
}

REPLACEABLE void *operator new(size_t bytes, std::align_val_t align, const std::nothrow_t &) noexcept {
  try {
    return ::operator new(bytes, align);
  } catch (...) {
    return nullptr;
  }
}

REPLACEABLE void *operator new[](size_t bytes) { return ::operator new(bytes); }
REPLACEABLE void *operator new[](size_t bytes, std::align_val_t align) { return ::operator new(bytes, align); }
REPLACEABLE void *operator new[](size_t bytes, const std::nothrow_t &) noexcept {
  try {
    return ::operator new[](bytes);
  } catch (...) {
    return nullptr;
  }
}
REPLACEABLE void *operator new[](size_t bytes, std::align_val_t align, const std::nothrow_t &) noexcept {
  try {
    return ::operator new[](bytes, align);
  } catch (...) {
    return nullptr;
  }
}
