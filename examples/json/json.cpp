#include "json.h"

#include <algorithm>

namespace json {
namespace {

constexpr int deepest = 64;

class parser {
 public:
  explicit parser(std::string_view text) : text_(text) {}

  value whole() {
    value result = any(0);
    skip_blanks();
    if (at_ != text_.size()) fail("the end");
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string &expected) const { throw syntax_error(at_, expected); }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  bool take(char c) {
    skip_blanks();
    if (peek() != c) return false;
    at_++;
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail(std::string("'") + c + "'");
  }

  value any(int depth) {
    if (depth > deepest) fail("at most 64 levels");
    skip_blanks();
    switch (peek()) {
      case '{': return {members(depth)};
      case '[': return {elements(depth)};
      case '"': return {string()};
      case 't': return {word("true")};
      case 'f': return {word("false")};
      case 'n': return {word("null")};
      default: return {number()};
    }
  }

  object members(int depth) {
    object result;
    expect('{');
    if (take('}')) return result;
    do {
      skip_blanks();
      const scalar name = string();
      expect(':');
      result.insert_or_assign(name, any(depth + 1));
    } while (take(','));
    expect('}');
    return result;
  }

  array elements(int depth) {
    array result;
    expect('[');
    if (take(']')) return result;
    do result.push_back(any(depth + 1));
    while (take(','));
    expect(']');
    return result;
  }

  scalar string() {
    const std::size_t start = at_;
    if (peek() != '"') fail("a string");
    at_++;
    while (peek() != '"') {
      if (static_cast<unsigned char>(peek()) < ' ') fail("the string to end");
      if (peek() == '\\') escape();
      else at_++;
    }
    at_++;
    return text_.substr(start, at_ - start);
  }

  void escape() {
    at_++;
    if (peek() == 'u') {
      at_++;
      for (int i = 0; i < 4; i++, at_++) {
        if (std::string_view("0123456789abcdefABCDEF").find(peek()) == std::string_view::npos || peek() == '\0') fail("a hexadecimal digit");
      }
    } else if (peek() != '\0' && std::string_view("\"\\/bfnrt").find(peek()) != std::string_view::npos) {
      at_++;
    } else {
      fail("an escape");
    }
  }

  scalar word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) fail(std::string(expected));
    at_ += expected.size();
    return expected;
  }

  void digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') at_++;
    if (at_ == start) fail("a digit");
  }

  scalar number() {
    const std::size_t start = at_;
    if (peek() == '-') at_++;
    if (peek() == '0') at_++;
    else if (peek() >= '1' && peek() <= '9') digits();
    else fail("a value");
    if (peek() == '.') {
      at_++;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      at_++;
      if (peek() == '+' || peek() == '-') at_++;
      digits();
    }
    return text_.substr(start, at_ - start);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void new_line(std::string &out, std::size_t level) { out.append(1, '\n').append(2 * level, ' '); }

/** Elements of an array or members of an object between their brackets. */
template <typename Items, typename Write>
void write_all(std::string &out, const Items &items, std::size_t level, std::string_view brackets, Write write_one) {
  out += brackets[0];
  for (bool first = true; const auto &item : items) {
    if (!first) out += ',';
    first = false;
    new_line(out, level + 1);
    write_one(item);
  }
  if (!items.empty()) new_line(out, level);
  out += brackets[1];
}

}  // namespace

value parse(std::string_view text) { return parser(text).whole(); }

void write(std::string &out, const value &value, std::size_t level) {
  if (const auto *text = std::get_if<scalar>(&value.content)) {
    out += *text;
  } else if (const auto *elements = std::get_if<array>(&value.content)) {
    write_all(out, *elements, level, "[]", [&](const json::value &element) { write(out, element, level + 1); });
  } else if (const auto *members = std::get_if<object>(&value.content)) {
    write_all(out, *members, level, "{}", [&](const auto &member) {
      out.append(member.first).append(": ");
      write(out, member.second, level + 1);
    });
  }
}

}  // namespace json
