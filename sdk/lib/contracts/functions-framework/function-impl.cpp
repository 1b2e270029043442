#include "function-impl.h"

#include <map>
#include <stdexcept>
#include <typeinfo>

#include "events.h"
#include "fields.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

using functions::HttpRequest;
using functions::HttpResponse;

class HttpFunction final : public FunctionImpl {
 public:
  explicit HttpFunction(functions::UserHttpFunction function) : function_(std::move(function)) {}

  [[nodiscard]] HttpResponse call(HttpRequest request) const override { return function_(std::move(request)); }

 private:
  functions::UserHttpFunction function_;
};

class EventFunction final : public FunctionImpl {
 public:
  explicit EventFunction(functions::UserCloudEventFunction function) : function_(std::move(function)) {}

  [[nodiscard]] HttpResponse call(HttpRequest request) const override {
    for (auto &event : parse_events(request)) function_(std::move(event));
    return {};
  }

 private:
  functions::UserCloudEventFunction function_;
};

class SeveralFunctions final : public FunctionImpl {
 public:
  explicit SeveralFunctions(std::map<std::string, functions::Function> mapping) : mapping_(std::move(mapping)) {}

  [[nodiscard]] functions::Function const *find(std::string const &target) const {
    const auto found = mapping_.find(target);
    return found == mapping_.end() ? nullptr : &found->second;
  }

  /** One of them is selected before anything is served. */
  [[nodiscard]] HttpResponse call(HttpRequest) const override { throw std::logic_error("no function was selected"); }

 private:
  std::map<std::string, functions::Function> mapping_;
};

struct IgnoringCase {
  bool operator()(std::string_view a, std::string_view b) const {
    const std::size_t length = a.size() < b.size() ? a.size() : b.size();
    for (std::size_t i = 0; i < length; i++) {
      if (lower_case(a[i]) != lower_case(b[i])) return lower_case(a[i]) < lower_case(b[i]);
    }
    return a.size() < b.size();
  }
};

class OwnResponse final : public HttpResponse::Impl {
 public:
  void set_payload(std::string value) override { payload_ = std::move(value); }
  [[nodiscard]] std::string const &payload() const override { return payload_; }
  void set_result(int code) override { result_ = code; }
  [[nodiscard]] int result() const override { return result_; }
  void set_header(std::string_view name, std::string_view value) override {
    std::string key(name);
    headers_.erase(key);  // the new one is spelt as it is given
    headers_.emplace(std::move(key), value);
  }
  [[nodiscard]] HttpResponse::HeadersType headers() const override { return {headers_.begin(), headers_.end()}; }
  void set_version(int major, int minor) override {
    version_major_ = major;
    version_minor_ = minor;
  }
  [[nodiscard]] int version_major() const override { return version_major_; }
  [[nodiscard]] int version_minor() const override { return version_minor_; }

 private:
  std::string payload_;
  int result_ = HttpResponse::kOkay;
  std::map<std::string, std::string, IgnoringCase> headers_;
  int version_major_ = 1;
  int version_minor_ = 1;
};

}  // namespace

struct ResponseAccess {
  static HttpResponse::Impl *impl(HttpResponse const &response) { return response.impl_.get(); }
};

HttpResponse::Impl &own_response(HttpResponse const &response) {
  auto *impl = ResponseAccess::impl(response);
  if (impl == nullptr) throw std::bad_cast();
  return dynamic_cast<OwnResponse &>(*impl);
}

std::shared_ptr<FunctionImpl const> select_function(functions::Function const &function, std::string const &target) {
  auto impl = FunctionAccess::impl(function);
  auto const *several = dynamic_cast<SeveralFunctions const *>(impl.get());
  if (several == nullptr) return impl;
  auto const *found = several->find(target);
  if (found == nullptr) throw std::runtime_error("Function not found " + target);
  return select_function(*found, target);
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

HttpResponse::HttpResponse() : impl_(std::make_shared<functions_internal::OwnResponse>()) {}

Function MakeFunction(UserHttpFunction function) {
  return functions_internal::FunctionAccess::function(std::make_shared<functions_internal::HttpFunction>(std::move(function)));
}

Function MakeFunction(UserCloudEventFunction function) {
  return functions_internal::FunctionAccess::function(std::make_shared<functions_internal::EventFunction>(std::move(function)));
}

Function MakeFunction(std::map<std::string, Function> mapping) {
  return functions_internal::FunctionAccess::function(std::make_shared<functions_internal::SeveralFunctions>(std::move(mapping)));
}

std::string VersionString() {
  return std::to_string(VersionMajor()) + '.' + std::to_string(VersionMinor()) + '.' + std::to_string(VersionPatch()) + "+weft";
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions
