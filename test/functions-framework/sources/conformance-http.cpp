/** What the conformance suite wants of an HTTP function: the payload, in a file of the working directory. */
#include <google/cloud/functions/function.h>

#include <fstream>
#include <stdexcept>

namespace gcf = ::google::cloud::functions;

gcf::Function HttpConformance() {
  return gcf::MakeFunction([](gcf::HttpRequest const &request) {
    std::ofstream file("function_output.json", std::ios::trunc);
    file << request.payload() << "\n";
    if (!file.flush()) throw std::runtime_error("cannot write function_output.json");
    return gcf::HttpResponse();
  });
}
