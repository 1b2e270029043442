/** Room for exceptions: the heap, or, when that is exhausted, a small reserve, so that std::bad_alloc can always be thrown. */
#include <cstdlib>
#include <exception>

#include "exception.h"

namespace weft {
namespace {

constexpr size_t reserve_blocks = 8;

struct alignas(16) Block {
  char bytes[128];
};

Block reserve[reserve_blocks];
bool reserved[reserve_blocks];

void *from_reserve(size_t bytes) {
  if (bytes > sizeof(Block)) return nullptr;
  for (size_t i = 0; i < reserve_blocks; i++) {
    if (reserved[i]) continue;
    reserved[i] = true;
    return &reserve[i];
  }
  return nullptr;
}

}  // namespace

/** Without room even here there is no way to say what went wrong but to end. */
void *allocate(size_t bytes) {
  void *memory = std::malloc(bytes);
  if (memory == nullptr) memory = from_reserve(bytes);
  if (memory == nullptr) std::terminate();
  return memory;
}

void release(void *memory) {
  auto *block = static_cast<Block *>(memory);
  if (block >= reserve && block < reserve + reserve_blocks) {
    reserved[block - reserve] = false;
  } else {
    std::free(memory);
  }
}

}  // namespace weft
