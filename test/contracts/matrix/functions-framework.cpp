#include <google/cloud/functions/function.h>

#include <stdexcept>
#include <string>
#include <strings.h>

#include "behaviour.h"

namespace gcf = ::google::cloud::functions;

static gcf::HttpResponse handle(gcf::HttpRequest request) {
  const std::string &input = request.payload();
  switch (behaviour_of(input.data(), input.size())) {
    case ECHO:
      return gcf::HttpResponse{}.set_payload(input);
    case CRASH:
      crash();
      break;
    case SPIN:
#ifdef __wasm__
      spin();
#else
      hang();
#endif
      break;
    case FLOOD:
      return gcf::HttpResponse{}.set_payload(std::string(static_cast<std::size_t>(FLOOD_BYTES) * FLOOD_PIECES, ' '));
    case HEADER:
      for (const auto &[name, value] : request.headers())
        if (strcasecmp(name.c_str(), "X-Case") == 0) return gcf::HttpResponse{}.set_payload(value);
      break;
    case FAIL:
    case CALL:
      break;
  }
  throw std::runtime_error("as it was told to");
}

gcf::Function Handle() { return gcf::MakeFunction(handle); }
