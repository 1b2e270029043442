/** A function around a library that make builds. */
#include "legacy/legacy.h"

#include <google/cloud/functions/function.h>

namespace gcf = ::google::cloud::functions;

gcf::Function UseLegacy() {
  return gcf::MakeFunction([](gcf::HttpRequest const &) {
    return gcf::HttpResponse().set_header("Content-Type", "text/plain").set_payload("standard " + std::to_string(legacy_standard()) + "\n");
  });
}
