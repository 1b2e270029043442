/** A function of either kind, or several by name, ready to be served. */
#ifndef GOOGLE_CLOUD_FUNCTIONS_FUNCTION_H
#define GOOGLE_CLOUD_FUNCTIONS_FUNCTION_H

#include <google/cloud/functions/user_functions.h>
#include <google/cloud/functions/version.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
class FunctionImpl;
struct FunctionAccess;
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** Copies are equal; two that were made apart are not. */
class Function {
 public:
  friend bool operator==(Function const &a, Function const &b) { return a.impl_ == b.impl_; }
  friend bool operator!=(Function const &a, Function const &b) { return !(a == b); }

 private:
  friend struct functions_internal::FunctionAccess;
  explicit Function(std::shared_ptr<functions_internal::FunctionImpl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<functions_internal::FunctionImpl> impl_;
};

/** Which of these is meant, the callable's parameter says. */
[[nodiscard]] Function MakeFunction(UserHttpFunction function);
[[nodiscard]] Function MakeFunction(UserCloudEventFunction function);
/** One of them is served: the one that `--target` names when the program starts. */
[[nodiscard]] Function MakeFunction(std::map<std::string, Function> mapping);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

#endif
