/** A function as it is served. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_FUNCTION_IMPL_H
#define WEFT_FUNCTIONS_FRAMEWORK_FUNCTION_IMPL_H

#include <google/cloud/functions/function.h>

#include <memory>
#include <string>
#include <utility>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

class FunctionImpl {
 public:
  virtual ~FunctionImpl() = default;
  /** May throw anything: what the function throws, and what is wrong with an event. */
  [[nodiscard]] virtual functions::HttpResponse call(functions::HttpRequest request) const = 0;
};

struct FunctionAccess {
  static std::shared_ptr<FunctionImpl> impl(functions::Function const &function) { return function.impl_; }
  static functions::Function function(std::shared_ptr<FunctionImpl> impl) { return functions::Function(std::move(impl)); }
};

/** The function that `target` names, of one that is several; any other is itself. @throws std::runtime_error */
std::shared_ptr<FunctionImpl const> select_function(functions::Function const &function, std::string const &target);

/** What is to be sent. `result`, `headers` and the rest of a response of ours. @throws std::bad_cast for one of another make */
functions::HttpResponse::Impl &own_response(functions::HttpResponse const &response);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
