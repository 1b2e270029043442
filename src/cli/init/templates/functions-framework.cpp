/** Greets whom the body names: a function for Google's Functions Framework. */
#include <google/cloud/functions/function.h>

#include <string>

namespace gcf = ::google::cloud::functions;

gcf::Function greet() {
  return gcf::MakeFunction([](gcf::HttpRequest const &request) {
    const std::string name = request.payload().empty() ? "World" : request.payload();
    return gcf::HttpResponse{}.set_header("Content-Type", "text/plain; charset=utf-8").set_payload("Hello, " + name + "!\n");
  });
}
