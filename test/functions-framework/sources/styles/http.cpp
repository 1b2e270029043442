/** A plain HTTP function, as before 1.1. */
#include <google/cloud/functions/http_request.h>
#include <google/cloud/functions/http_response.h>

namespace gcf = ::google::cloud::functions;

gcf::HttpResponse HelloWorld(gcf::HttpRequest request) {
  return gcf::HttpResponse().set_payload("http " + std::move(request).payload()).set_header("Content-Type", "text/plain");
}
