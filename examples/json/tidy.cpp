/** Sorts the members of every object and indents; says where text is not JSON. */
#include <weft/v1.hpp>

#include "json.h"

WEFT_HANDLE([](const weft::request &request, weft::response &response) {
  std::string out;
  try {
    json::write(out, json::parse(request.body()));
  } catch (const json::syntax_error &error) {
    response.status(400).header("Content-Type", "text/plain");
    response.write("byte " + std::to_string(error.at()) + ": " + error.what() + "\n");
    return;
  }
  response.header("Content-Type", "application/json").write(out).write("\n");
})
