/** Greets whom the path names, in the words of the query. An exception that is not caught makes the request fail, and no other. */
#include <weft/v1.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

/** Value of a query parameter, as sent. */
static std::string_view parameter(std::string_view query, std::string_view name, std::string_view otherwise) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto part = query.substr(0, end);
    if (part.starts_with(name) && part.substr(name.size()).starts_with('=')) return part.substr(name.size() + 1);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return otherwise;
}

WEFT_HANDLE([](const weft::request &request, weft::response &response) {
  const auto name = request.path().substr(1);
  if (name == "nobody") throw std::invalid_argument("there is nobody to greet");
  response.header("Content-Type", "text/plain; charset=utf-8");
  response.write(parameter(request.query(), "greeting", "Hello")).write(", ").write(name.empty() ? "World" : name).write("!\n");
})
