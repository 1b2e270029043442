/** Functions written against <google/cloud/functions/...>, in a process: an HTTP server. Compiled in one piece, in C++17 or newer. */
#include <google/cloud/functions/framework.h>
#include <google/cloud/functions/internal/framework_impl.h>
#include <google/cloud/functions/internal/target.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <utility>

#include "answer.cpp"
#include "connection.cpp"
#include "encoding.cpp"
#include "events.cpp"
#include "function-impl.cpp"
#include "json.cpp"
#include "legacy-event.cpp"
#include "options.cpp"
#include "server.cpp"
#include "storage-notification.cpp"
#include "target.cpp"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

__attribute__((weak)) functions::Function Target();

void flush_streams() {
  std::cout.flush();
  std::clog.flush();
  std::cerr.flush();
  std::fflush(stdout);
}

int RunForTest(int argc, char const *const argv[], functions::Function const &handler, std::function<bool()> const &shutdown,
               std::function<void(int)> const &actual_port) {
  const Options options = parse_options(argc, argv);
  if (options.help) {
    std::cout << help_text << std::flush;
    return 0;
  }
  serve(options, *select_function(handler, options.target), shutdown, actual_port);
  return 0;
}

namespace {

/** What ends the program is told on standard error. */
template <typename F>
int reported(F const &run) noexcept {
  try {
    return run();
  } catch (std::exception const &error) {
    std::cerr << "Standard C++ exception thrown " << error.what() << std::endl;
  } catch (...) {
    std::cerr << "Unknown exception thrown" << std::endl;
  }
  return 1;
}

}  // namespace
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

int Run(int argc, char const *const argv[], Function const &handler) noexcept {
  return functions_internal::reported([&] {
    return functions_internal::RunForTest(
        argc, argv, handler, [] { return false; }, [](int) {});
  });
}

int Run(int argc, char const *const argv[], UserHttpFunction handler) noexcept { return Run(argc, argv, MakeFunction(std::move(handler))); }

int Run(int argc, char const *const argv[], UserCloudEventFunction handler) noexcept {
  return Run(argc, argv, MakeFunction(std::move(handler)));
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

/** Of a program that has none of its own. */
__attribute__((weak)) int main(int argc, char *argv[]) {
  namespace internal = google::cloud::functions_internal;
  if (internal::Target != nullptr)
    return internal::reported([&] { return google::cloud::functions::Run(argc, argv, internal::Target()); });
  std::cerr << "there is neither a main nor a target: say in the manifest which function it is, as in target: my::function" << std::endl;
  return 1;
}
