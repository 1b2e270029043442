/** The function that a program without a `main` names. */
#include <google/cloud/functions/internal/target.h>

#include <stdexcept>
#include <string>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

functions::Function MakeTarget(char const *name, TargetOverloads const &overloads) {
  if (overloads.factory != nullptr) return overloads.factory();
  if (overloads.http != nullptr) return functions::MakeFunction(functions::UserHttpFunction(overloads.http));
  if (overloads.http_by_reference != nullptr) return functions::MakeFunction(functions::UserHttpFunction(overloads.http_by_reference));
  if (overloads.event != nullptr) return functions::MakeFunction(functions::UserCloudEventFunction(overloads.event));
  if (overloads.event_by_reference != nullptr) return functions::MakeFunction(functions::UserCloudEventFunction(overloads.event_by_reference));
  throw std::invalid_argument("there is no function " + std::string(name) +
                              " that takes nothing and returns a Function, or takes an HttpRequest and returns an HttpResponse, or takes a "
                              "CloudEvent; the target of the function names it, with its namespaces");
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
