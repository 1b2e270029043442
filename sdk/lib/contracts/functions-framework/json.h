/** JSON (RFC 8259), as much as events need: read, looked into, changed, and written again. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_JSON_H
#define WEFT_FUNCTIONS_FRAMEWORK_JSON_H

#include <google/cloud/functions/version.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

struct Json {
  enum class Kind { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  /** Of a string, what it says, in UTF-8. Of a number or a boolean, how it was written: no number loses digits. */
  std::string text;
  std::vector<Json> items;
  /** In the order that they are written in. Of members with one name the last counts. */
  std::map<std::string, Json> members;

  static Json string(std::string text);
  static Json object();

  [[nodiscard]] bool is(Kind other) const { return kind == other; }
  /** Null when this is no object, or has no such member. */
  [[nodiscard]] Json const *find(std::string const &name) const;
  /** The same, for what is a string. */
  [[nodiscard]] std::string const *find_string(std::string const &name) const;
  /** Without any blanks. */
  [[nodiscard]] std::string dump() const;
};

/** @throws std::invalid_argument for what is not JSON, is no UTF-8, or is nested deeper than `max_json_depth`. */
Json parse_json(std::string_view text);

/** Objects and arrays in each other. Real events have some ten levels; the reader's stack is bounded by it. */
constexpr int max_json_depth = 200;

/** In quotes. What is no UTF-8 is shown as U+FFFD. */
void append_json_string(std::string &out, std::string_view text);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
