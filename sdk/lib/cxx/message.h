/** Last words: a line in the function's log. Formats only what libc++ asks for, as printf would bring ten kilobytes along. */
#pragma once
#include <cstdarg>
#include <cstddef>

namespace weft {

class Message {
 public:
  void add(const char *text);
  void add(int number);
  /** printf's %s, %d and %i. */
  void add(const char *format, va_list arguments);
  void log() const;

 private:
  void put(char c);

  char text_[512];
  size_t length_ = 0;
};

/** Logs the message and traps. */
[[noreturn]] void end_with(const char *format, va_list arguments);

}  // namespace weft
