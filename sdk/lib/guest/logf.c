/** Formatted log entries, apart from the plain ones: printf is larger than most functions. */
#include <weft/v1.h>

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 1024

void weft_logf(enum weft_level level, const char *format, ...) {
  char line[LINE_BYTES];
  va_list values;
  va_start(values, format);
  const int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  if (length < 0) return;
  weft_log_bytes(level, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}
