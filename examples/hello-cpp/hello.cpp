/** Greets whom the path names, in the words of the query. An exception that is not caught makes the request fail, and no other. */
#include <weft/v1.hpp>

#include <stdexcept>

WEFT_HANDLE([](const weft::request &request, weft::response &response) {
  const auto name = request.path().substr(1);
  if (name == "nobody") throw std::invalid_argument("there is nobody to greet");
  response.header("Content-Type", "text/plain; charset=utf-8");
  response.write(request.parameter("greeting").value_or("Hello")).write(", ").write(name.empty() ? "World" : name).write("!\n");
})
