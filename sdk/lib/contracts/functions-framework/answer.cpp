#include "answer.h"

#include <cstdio>
#include <exception>
#include <string>

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

HttpResponse call(FunctionImpl const &function, HttpRequest request) {
  // Browsers ask for these of their own accord; no function means to be called for it.
  if (request.target() == "/favicon.ico" || request.target() == "/robots.txt") return HttpResponse().set_result(HttpResponse::kNotFound);
  try {
    HttpResponse response = function.call(std::move(request));
    own_response(response);
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
