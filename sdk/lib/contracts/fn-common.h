/** What the two homes of an Fn function share: fn.c (a context) and fn-native.c (a program). */
#ifndef WEFT_FN_COMMON_H
#define WEFT_FN_COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline char fn_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

/** Names of headers are the same in upper and lower case. */
static inline int fn_same_name(const char *a, const char *b) {
  while (*a != '\0' && fn_lower(*a) == fn_lower(*b)) {
    a++;
    b++;
  }
  return *a == '\0' && *b == '\0';
}

/** tchar of RFC 9110, section 5.6.2. */
static inline int fn_is_token(const char *text) {
  if (*text == '\0') return 0;
  for (const char *c = text; *c != '\0'; c++) {
    const int letter = (*c | 0x20) >= 'a' && (*c | 0x20) <= 'z';
    if (!letter && !(*c >= '0' && *c <= '9') && strchr("!#$%&'*+-.^_`|~", *c) == NULL) return 0;
  }
  return 1;
}

/** Visible characters, blanks, and bytes above ASCII (section 5.5). */
static inline int fn_is_field(const char *text) {
  for (const char *c = text; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' ? *c != '\t' : *c == 0x7f) return 0;
  }
  return 1;
}

/** Whether a header is about how a message is framed, or about its connection: the platform's to set. */
static inline int fn_is_framing(const char *name) {
  static const char *const names[] = {"connection", "content-length", "keep-alive",        "proxy-connection",
                                      "te",         "trailer",        "transfer-encoding", "upgrade"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (fn_same_name(name, names[i])) return 1;
  }
  return 0;
}

/** Reads so many digits; -1 when they are none. */
static inline int64_t fn_digits(const char **at, int count) {
  int64_t value = 0;
  for (; count > 0; count--, (*at)++) {
    if (**at < '0' || **at > '9') return -1;
    value = value * 10 + (**at - '0');
  }
  return value;
}

static inline int64_t fn_days_in(int64_t year, int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Year, month, day, hour, minute, second. The last may be a leap second (RFC 3339, section 5.6). */
static inline int fn_is_time(const int64_t parts[6]) {
  return parts[1] >= 1 && parts[1] <= 12 && parts[2] >= 1 && parts[2] <= fn_days_in(parts[0], parts[1]) && parts[3] <= 23 &&
         parts[4] <= 59 && parts[5] <= 60;
}

/** Days since 1970-01-01 in the Gregorian calendar, for years from 0 on. */
static inline int64_t fn_days(int64_t year, int64_t month, int64_t day) {
  // March is the first month, so that the day of a leap year is its last.
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t from_march = (month + 9) % 12;
  const int64_t leap_days = y / 4 - y / 100 + y / 400;
  return y * 365 + leap_days + (from_march * 153 + 2) / 5 + day - 1 - 719468;
}

/** RFC 3339 to milliseconds since 1970; 0 for what is none. */
static inline int64_t fn_milliseconds(const char *text) {
  static const char separators[] = "--T::";
  static const int lengths[] = {4, 2, 2, 2, 2, 2};
  int64_t parts[6];
  const char *at = text;
  for (int i = 0; i < 6; i++) {
    parts[i] = fn_digits(&at, lengths[i]);
    if (parts[i] < 0) return 0;
    if (i < 5 && *at++ != separators[i]) return 0;
  }
  if (!fn_is_time(parts)) return 0;
  int64_t milliseconds = 0;
  if (*at == '.') {
    int64_t scale = 100;
    if (*++at < '0' || *at > '9') return 0;
    for (; *at >= '0' && *at <= '9'; at++, scale /= 10) milliseconds += (*at - '0') * scale;
  }
  int64_t offset = 0;
  if (*at == '+' || *at == '-') {
    const int sign = *at++ == '-' ? -1 : 1;
    const int64_t hours = fn_digits(&at, 2);
    if (hours < 0 || hours > 23 || *at++ != ':') return 0;
    const int64_t minutes = fn_digits(&at, 2);
    if (minutes < 0 || minutes > 59) return 0;
    offset = sign * (hours * 60 + minutes);
  } else if (*at++ != 'Z') {
    return 0;
  }
  if (*at != '\0') return 0;
  const int64_t minutes = (fn_days(parts[0], parts[1], parts[2]) * 24 + parts[3]) * 60 + parts[4] - offset;
  return (minutes * 60 + parts[5]) * 1000 + milliseconds;
}

#endif
