#include "encoding.h"

#include <chrono>
#include <cstdint>
#include <stdexcept>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

/** Reads digits and marks, from left to right; what is not there throws. */
class TimestampReader {
 public:
  explicit TimestampReader(std::string_view text) : text_(text) {}

  functions::CloudEvent::time_point whole() {
    using namespace std::chrono;
    const int year = number(4, 0, 9999);
    mark("-");
    const int month = number(2, 1, 12);
    mark("-");
    const int day = number(2, 1, days_in(year, month));
    mark("Tt ");
    const int hour = number(2, 0, 23);
    mark(":");
    const int minute = number(2, 0, 59);
    mark(":");
    const int second = number(2, 0, 60);  // 60 is a leap second: the clock has it as the next one
    const nanoseconds rest = fraction();
    const seconds east = offset();
    if (at_ != text_.size()) fail();
    // In 64 bits: hours and minutes may have 32, which are too few for minutes since 1970.
    const seconds moment = seconds(86'400 * days_since_1970(year, month, day) + 3600 * hour + 60 * minute + second) - east;
    // A clock of nanoseconds reaches from 1677 to 2262.
    using Ticks = functions::CloudEvent::ClockType::duration;
    if (moment <= duration_cast<seconds>(Ticks::min()) || moment >= duration_cast<seconds>(Ticks::max()))
      throw std::invalid_argument("\"" + std::string(text_) + "\" is beyond the times that the clock of this machine has");
    return functions::CloudEvent::time_point(duration_cast<Ticks>(moment)) + duration_cast<Ticks>(rest);
  }

 private:
  [[noreturn]] void fail() const { throw std::invalid_argument("\"" + std::string(text_) + "\" is not a date and time of RFC 3339"); }

  [[nodiscard]] bool at_digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }

  int number(int digits, int least, int most) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      if (!at_digit()) fail();
      value = value * 10 + (text_[at_++] - '0');
    }
    if (value < least || value > most) fail();
    return value;
  }

  char mark(std::string_view allowed) {
    if (at_ >= text_.size() || allowed.find(text_[at_]) == std::string_view::npos) fail();
    return text_[at_++];
  }

  std::chrono::nanoseconds fraction() {
    if (at_ >= text_.size() || text_[at_] != '.') return {};
    at_++;
    if (!at_digit()) fail();
    std::int64_t value = 0;
    std::int64_t unit = 100'000'000;
    for (; at_digit(); at_++, unit /= 10) value += (text_[at_] - '0') * unit;
    return std::chrono::nanoseconds(value);
  }

  std::chrono::seconds offset() {
    const char sign = mark("Zz+-");
    if (sign == 'Z' || sign == 'z') return {};
    const int hour = number(2, 0, 23);
    mark(":");
    const int minute = number(2, 0, 59);
    return std::chrono::seconds((sign == '-' ? -60 : 60) * (60 * hour + minute));
  }

  static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

  static int days_in(int year, int month) {
    static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
  }

  static std::int64_t days_since_1970(int year, int month, int day) {
    std::int64_t days = day - 1;
    for (int before = 1; before < month; before++) days += days_in(year, before);
    const std::int64_t full = year - 1;  // years before this one, counted from year 1
    const std::int64_t leaps = year == 0 ? -1 : full / 4 - full / 100 + full / 400;
    static constexpr std::int64_t day_of_1970 = 719'162;
    return full * 365 + leaps + days - day_of_1970;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/** -1 for what is none of the 64. */
int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::string decode_base64(std::string_view text) {
  const auto invalid = [] { return std::invalid_argument("invalid base64"); };
  if (text.size() % 4 != 0) throw invalid();
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') padding++;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  for (std::size_t at = 0; at < text.size() - padding; at++) {
    const int digit = base64_digit(text[at]);
    if (digit < 0) throw invalid();
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (at % 4 == 0) continue;
    bytes += static_cast<char>(bits >> (6 - 2 * (at % 4)) & 0xff);
  }
  // Bits behind the last byte would be another way to write the same.
  if ((padding == 1 && (bits & 3) != 0) || (padding == 2 && (bits & 15) != 0)) throw invalid();
  return bytes;
}

functions::CloudEvent::time_point parse_timestamp(std::string_view text) { return TimestampReader(text).whole(); }

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

void CloudEvent::set_time(std::string const &timestamp) { time_ = functions_internal::parse_timestamp(timestamp); }

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions
