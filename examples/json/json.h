/** A small JSON reader and writer (RFC 8259). Text of strings and numbers is kept as it was written. */
#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace json {

struct value;

/** true, false, null, a number or a string, as written. */
using scalar = std::string_view;
using array = std::vector<value>;
/** Sorted by name; the last of a name wins. */
using object = std::map<std::string_view, value>;

struct value {
  std::variant<scalar, array, object> content;
};

/** Text that is not JSON, and where. */
class syntax_error : public std::runtime_error {
 public:
  syntax_error(std::size_t at, const std::string &expected) : std::runtime_error("expected " + expected), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  std::size_t at_;
};

/** Values refer to the text, which must outlive them. */
value parse(std::string_view text);

/** Two blanks a level. */
void write(std::string &out, const value &value, std::size_t level = 0);

}  // namespace json
