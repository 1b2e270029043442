#include "json.h"

#include <cstdint>
#include <stdexcept>
#include <utility>

#include "utf8.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Json whole() {
    Json value = any(0);
    blanks();
    if (at_ != text_.size()) fail("something follows its end");
    return value;
  }

 private:
  [[noreturn]] void fail(char const *why) const {
    throw std::invalid_argument("invalid JSON at byte " + std::to_string(at_) + ": " + why);
  }

  /** NUL at the end, where no rule accepts it. */
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }

  void blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') at_++;
  }

  Json any(int depth) {
    blanks();
    switch (peek()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return Json::string(string());
      case 't':
        return word("true", Json::Kind::boolean);
      case 'f':
        return word("false", Json::Kind::boolean);
      case 'n':
        return word("null", Json::Kind::null);
      default:
        return number();
    }
  }

  Json object(int depth) {
    if (depth == max_json_depth) fail("nested too deep");
    Json value = Json::object();
    at_++;
    blanks();
    if (take('}')) return value;
    do {
      blanks();
      if (peek() != '"') fail("the name of a member is expected");
      std::string name = string();
      blanks();
      if (!take(':')) fail("':' is expected");
      value.members[std::move(name)] = any(depth + 1);
      blanks();
    } while (take(','));
    if (!take('}')) fail("',' or '}' is expected");
    return value;
  }

  Json array(int depth) {
    if (depth == max_json_depth) fail("nested too deep");
    Json value;
    value.kind = Json::Kind::array;
    at_++;
    blanks();
    if (take(']')) return value;
    do {
      value.items.push_back(any(depth + 1));
      blanks();
    } while (take(','));
    if (!take(']')) fail("',' or ']' is expected");
    return value;
  }

  Json word(std::string_view expected, Json::Kind kind) {
    if (text_.substr(at_, expected.size()) != expected) fail("a value is expected");
    at_ += expected.size();
    return written(kind, at_ - expected.size());
  }

  Json number() {
    const std::size_t start = at_;
    take('-');
    if (!take('0')) digits("a value is expected");
    if (take('.')) digits("a digit is expected");
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      digits("a digit is expected");
    }
    return written(Json::Kind::number, start);
  }

  void digits(char const *otherwise) {
    if (peek() < '0' || peek() > '9') fail(otherwise);
    while (peek() >= '0' && peek() <= '9') at_++;
  }

  [[nodiscard]] Json written(Json::Kind kind, std::size_t start) const {
    Json value;
    value.kind = kind;
    value.text = std::string(text_.substr(start, at_ - start));
    return value;
  }

  std::string string() {
    std::string value;
    at_++;
    while (!take('"')) {
      if (at_ >= text_.size()) fail("a string has no end");
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte < 0x20) fail("a control character in a string");
      if (take('\\')) {
        escape(value);
        continue;
      }
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) fail("a string is no UTF-8");
      value.append(text_, at_, length);
      at_ += length;
    }
    return value;
  }

  void escape(std::string &value) {
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    const char c = peek();
    at_++;
    if (c == 'u') {
      append_utf8(value, code_point());
      return;
    }
    const auto which = letters.find(c);
    if (c == '\0' || which == std::string_view::npos) fail("no such escape");
    value.push_back(meant[which]);
  }

  /** Characters beyond U+FFFF are written as two escapes (RFC 8259, section 7). */
  std::uint32_t code_point() {
    const std::uint32_t high = four_digits();
    if (high < 0xd800 || high > 0xdfff) return high;
    if (high > 0xdbff || !take('\\') || !take('u')) fail("half a surrogate pair");
    const std::uint32_t low = four_digits();
    if (low < 0xdc00 || low > 0xdfff) fail("half a surrogate pair");
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  std::uint32_t four_digits() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
      const char c = peek();
      const bool decimal = c >= '0' && c <= '9';
      const char lower = static_cast<char>(c | 0x20);
      if (!decimal && (lower < 'a' || lower > 'f')) fail("four hexadecimal digits are expected");
      value = value * 16 + static_cast<std::uint32_t>(decimal ? c - '0' : lower - 'a' + 10);
      at_++;
    }
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_json(std::string &out, Json const &value) {
  char separator = value.is(Json::Kind::object) ? '{' : '[';
  switch (value.kind) {
    case Json::Kind::null:
      out += "null";
      return;
    case Json::Kind::boolean:
    case Json::Kind::number:
      out += value.text;
      return;
    case Json::Kind::string:
      append_json_string(out, value.text);
      return;
    case Json::Kind::array:
      if (value.items.empty()) out += separator;
      for (auto const &item : value.items) {
        out += std::exchange(separator, ',');
        append_json(out, item);
      }
      out += ']';
      return;
    case Json::Kind::object:
      if (value.members.empty()) out += separator;
      for (auto const &[name, member] : value.members) {
        out += std::exchange(separator, ',');
        append_json_string(out, name);
        out += ':';
        append_json(out, member);
      }
      out += '}';
      return;
  }
}

}  // namespace

Json Json::string(std::string text) {
  Json value;
  value.kind = Kind::string;
  value.text = std::move(text);
  return value;
}

Json Json::object() {
  Json value;
  value.kind = Kind::object;
  return value;
}

Json const *Json::find(std::string const &name) const {
  const auto found = members.find(name);
  return found == members.end() ? nullptr : &found->second;
}

std::string const *Json::find_string(std::string const &name) const {
  Json const *found = find(name);
  return found != nullptr && found->is(Kind::string) ? &found->text : nullptr;
}

std::string Json::dump() const {
  std::string out;
  append_json(out, *this);
  return out;
}

Json parse_json(std::string_view text) { return JsonReader(text).whole(); }

void append_json_string(std::string &out, std::string_view text) {
  static constexpr std::string_view escaped = "\"\\\b\f\n\r\t";
  static constexpr std::string_view letters = "\"\\bfnrt";
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t length = utf8_length(text.substr(at));
    if (const auto which = escaped.find(c); which != std::string_view::npos) {
      out += '\\';
      out += letters[which];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[c & 15];
    } else if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out.append(text, at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
