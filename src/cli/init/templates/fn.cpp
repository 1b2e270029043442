/** Greets whom the body names: a function for Fn. */
#include <fn/fdk.hpp>

FN_HANDLE([](const fn::request &request, fn::response &response) {
  const auto name = request.body();
  response.type("text/plain; charset=utf-8");
  response.write("Hello, ").write(name.empty() ? "World" : name).write("!\n");
})
