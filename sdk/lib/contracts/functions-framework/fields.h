/** Header fields (RFC 9110, section 5). */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_FIELDS_H
#define WEFT_FUNCTIONS_FRAMEWORK_FIELDS_H

#include <google/cloud/functions/version.h>

#include <string_view>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

inline char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); i++) {
    if (lower_case(a[i]) != lower_case(b[i])) return false;
  }
  return true;
}

inline bool is_token(std::string_view text) {
  for (const char c : text) {
    const bool letter = lower_case(c) >= 'a' && lower_case(c) <= 'z';
    if (!letter && (c < '0' || c > '9') && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

/** No line breaks and no other control characters. */
inline bool is_field_value(std::string_view text) {
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

/** Framing and the connection: servers set these by themselves, whatever a function says. */
inline bool is_the_servers(std::string_view name) {
  for (auto const *one : {"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}) {
    if (equals_ignoring_case(one, name)) return true;
  }
  return false;
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
