/** Several functions in one program; --target says which is served. */
#include <google/cloud/functions/function.h>

namespace gcf = ::google::cloud::functions;

gcf::Function Several() {
  const auto saying = [](char const *word) {
    return gcf::MakeFunction([word](gcf::HttpRequest) { return gcf::HttpResponse().set_payload(word); });
  };
  return gcf::MakeFunction({{"one", saying("the first")}, {"two", saying("the second")}});
}
