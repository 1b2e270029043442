#include "answer.h"

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "fields.h"
#include "json.h"
#include "streams.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

using functions::HttpRequest;
using functions::HttpResponse;

HttpResponse failure(std::string const &message) {
  std::string json = R"({"message":)";
  append_json_string(json, message);
  json += R"(,"severity":"error"})";
  std::fprintf(stderr, "%s\n", json.c_str());
  return HttpResponse().set_result(HttpResponse::kInternalServerError).set_header("content-type", "application/json").set_payload(json);
}

/** What would not be an answer of HTTP. */
void check(HttpResponse::Impl const &response) {
  const int status = response.result();
  if (status < 200 || status > 599) throw std::out_of_range("the status " + std::to_string(status) + " is not one of 200..599");
  for (auto const &[name, value] : response.headers()) {
    if (!is_token(name) || !is_field_value(value)) throw std::invalid_argument("the header \"" + name + "\" is malformed");
  }
}

HttpResponse call(FunctionImpl const &function, HttpRequest request) {
  // Browsers ask for these of their own accord; no function means to be called for it.
  if (request.target() == "/favicon.ico" || request.target() == "/robots.txt") return HttpResponse().set_result(HttpResponse::kNotFound);
  try {
    HttpResponse response = function.call(std::move(request));
    check(own_response(response));
    return response;
  } catch (std::exception const &error) {
    return failure(std::string("standard C++ exception thrown by the function: ") + error.what());
  } catch (...) {
    return failure("unknown C++ exception thrown by the function");
  }
}

}  // namespace

HttpResponse answer(FunctionImpl const &function, HttpRequest request) {
  HttpResponse response = call(function, std::move(request));
  flush_streams();
  return response;
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
