/** An HTTP server for one function: a thread for each connection. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_SERVER_H
#define WEFT_FUNCTIONS_FRAMEWORK_SERVER_H

#include <functional>
#include <memory>

#include "function-impl.h"
#include "options.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/**
 * Ends when `shutdown` says so, which is asked after each connection that was accepted; then all connections have ended. `on_port`
 * is told the port; 0 for a Unix socket. @throws std::system_error when it cannot listen
 */
void serve(Options const &options, FunctionImpl const &function, std::function<bool()> const &shutdown, std::function<void(int)> const &on_port);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
