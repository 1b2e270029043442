/** Greets whom the body names. */
#include <weft/v1.hpp>

WEFT_HANDLE([](const weft::request &request, weft::response &response) {
  const auto name = request.body();
  response.header("Content-Type", "text/plain; charset=utf-8");
  response.write("Hello, ").write(name.empty() ? "World" : name).write("!\n");
})
