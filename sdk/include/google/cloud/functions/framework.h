/** For programs that have a `main` of their own. */
#ifndef GOOGLE_CLOUD_FUNCTIONS_FRAMEWORK_H
#define GOOGLE_CLOUD_FUNCTIONS_FRAMEWORK_H

#include <google/cloud/functions/function.h>
#include <google/cloud/functions/user_functions.h>
#include <google/cloud/functions/version.h>

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/**
 * Serves a function, and returns only when that cannot be done: 1, or 0 after `--help`. Options: `--port`, `--address`, `--target`,
 * `--signature-type`, `--help`.
 *
 * In a process it is an HTTP server. In a WebAssembly context there is nothing to listen on: the function is handed to the platform,
 * and `main` stays where it is, as it would behind a server: its variables live as long as the context.
 */
int Run(int argc, char const *const argv[], Function const &handler) noexcept;

[[deprecated("give Run() what MakeFunction() makes of it")]] int Run(int argc, char const *const argv[], UserHttpFunction handler) noexcept;
[[deprecated("give Run() what MakeFunction() makes of it")]] int Run(int argc, char const *const argv[],
                                                                     UserCloudEventFunction handler) noexcept;

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

#endif
