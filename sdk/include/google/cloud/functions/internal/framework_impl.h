/** For servers of tests. */
#ifndef GOOGLE_CLOUD_FUNCTIONS_INTERNAL_FRAMEWORK_IMPL_H
#define GOOGLE_CLOUD_FUNCTIONS_INTERNAL_FRAMEWORK_IMPL_H

#include <google/cloud/functions/function.h>

#include <functional>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/**
 * Run(), to be ended: `shutdown` is asked after each connection that was accepted. `actual_port` is told where the server listens, before it
 * accepts any. In a process only. @throws std::exception where Run() would return 1
 */
int RunForTest(int argc, char const *const argv[], functions::Function const &handler, std::function<bool()> const &shutdown,
               std::function<void(int)> const &actual_port);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
