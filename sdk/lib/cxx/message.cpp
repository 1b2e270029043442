#include "message.h"

#include <weft/v1.h>

#include <cstdlib>

namespace weft {

void Message::put(char c) {
  if (length_ < sizeof text_) text_[length_++] = c;
}

void Message::add(const char *text) {
  while (*text != '\0') put(*text++);
}

void Message::add(int number) {
  char digits[12];
  char *first = digits + sizeof digits;
  *--first = '\0';
  unsigned rest = number < 0 ? 0u - static_cast<unsigned>(number) : static_cast<unsigned>(number);
  do {
    *--first = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number < 0) put('-');
  add(first);
}

void Message::add(const char *format, va_list arguments) {
  for (; *format != '\0'; format++) {
    if (*format != '%') {
      if (*format != '\n') put(*format);
      continue;
    }
    switch (*++format) {
      case 's':
        add(va_arg(arguments, const char *));
        break;
      case 'd':
      case 'i':
        add(va_arg(arguments, int));
        break;
      case '\0':
        return;
      default:
        put(*format);
    }
  }
}

void Message::log() const { weft_log_bytes(WEFT_ERROR, text_, length_); }

void end_with(const char *format, va_list arguments) {
  Message message;
  message.add(format, arguments);
  message.log();
  std::abort();
}

}  // namespace weft
