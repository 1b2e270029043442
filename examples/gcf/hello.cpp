/** An HTTP function of Google's functions-framework, as it would be deployed there: it greets whom the body names. */
#include <google/cloud/functions/function.h>

namespace gcf = ::google::cloud::functions;

gcf::Function Hello() {
  return gcf::MakeFunction([](gcf::HttpRequest const &request) {
    auto const name = request.payload().empty() ? std::string("World") : request.payload();
    return gcf::HttpResponse().set_header("Content-Type", "text/plain").set_payload("Hello, " + name + "!\n");
  });
}
