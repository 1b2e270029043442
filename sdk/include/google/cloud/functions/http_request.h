/** An HTTP request, as a function gets it: the whole of it, body included. */
#ifndef GOOGLE_CLOUD_FUNCTIONS_HTTP_REQUEST_H
#define GOOGLE_CLOUD_FUNCTIONS_HTTP_REQUEST_H

#include <google/cloud/functions/version.h>

#include <map>
#include <string>
#include <utility>

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

class HttpRequest {
 public:
  /** Names keep the case that the client sent; a name that was sent more than once is there more than once. */
  using HeadersType = std::multimap<std::string, std::string>;

  HttpRequest() = default;

  [[nodiscard]] std::string const &verb() const { return verb_; }
  /** Path and query. */
  [[nodiscard]] std::string const &target() const { return target_; }
  [[nodiscard]] std::string const &payload() const & { return payload_; }
  [[nodiscard]] std::string &&payload() && { return std::move(payload_); }
  [[nodiscard]] HeadersType const &headers() const { return headers_; }
  [[nodiscard]] int version_major() const { return version_major_; }
  [[nodiscard]] int version_minor() const { return version_minor_; }

  // For tests of functions, each for a named request and for one that is just being made.

  HttpRequest &set_verb(std::string value) & {
    verb_ = std::move(value);
    return *this;
  }
  HttpRequest &&set_verb(std::string value) && { return std::move(set_verb(std::move(value))); }

  HttpRequest &set_target(std::string value) & {
    target_ = std::move(value);
    return *this;
  }
  HttpRequest &&set_target(std::string value) && { return std::move(set_target(std::move(value))); }

  HttpRequest &set_payload(std::string value) & {
    payload_ = std::move(value);
    return *this;
  }
  HttpRequest &&set_payload(std::string value) && { return std::move(set_payload(std::move(value))); }

  HttpRequest &clear_headers() & {
    headers_.clear();
    return *this;
  }
  HttpRequest &&clear_headers() && { return std::move(clear_headers()); }

  HttpRequest &add_header(std::string name, std::string value) & {
    headers_.emplace(std::move(name), std::move(value));
    return *this;
  }
  HttpRequest &&add_header(std::string name, std::string value) && { return std::move(add_header(std::move(name), std::move(value))); }

  HttpRequest &remove_header(std::string const &name) & {
    headers_.erase(name);
    return *this;
  }
  HttpRequest &&remove_header(std::string const &name) && { return std::move(remove_header(name)); }

  HttpRequest &set_version(int major, int minor) & {
    version_major_ = major;
    version_minor_ = minor;
    return *this;
  }
  HttpRequest &&set_version(int major, int minor) && { return std::move(set_version(major, minor)); }

 private:
  std::string verb_;
  std::string target_;
  std::string payload_;
  HeadersType headers_;
  int version_major_ = 1;
  int version_minor_ = 1;
};

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

#endif
