#include "options.h"

#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
namespace {

int parse_port(std::string_view text) {
  int port = 0;
  bool good = !text.empty() && text.size() <= 5;
  for (const char c : text) {
    good = good && c >= '0' && c <= '9';
    port = good ? port * 10 + (c - '0') : port;
  }
  if (!good || port > 65535) throw std::invalid_argument("the port must be a number in the range [0,65535], not \"" + std::string(text) + '"');
  return port;
}

/** One option of the line: `--name value` or `--name=value`. */
void take(Options &options, std::string_view name, std::string_view value) {
  if (name == "--port") {
    options.port = parse_port(value);
  } else if (name == "--address") {
    options.address = value;
  } else if (name == "--target") {
    options.target = value;
  } else if (name != "--signature-type") {
    throw std::invalid_argument("unrecognised option '" + std::string(name) + '\'');
  }
}

}  // namespace

char const *const help_text =
    "Options:\n"
    "  --help                 shows this\n"
    "  --address arg          numeric IP address to listen on (0.0.0.0)\n"
    "  --port arg             port to listen on; 0 is any that is free (PORT of the environment, else 8080)\n"
    "  --target arg           which function is served, of a program that has several\n"
    "  --signature-type arg   accepted, and not looked at\n";

Options parse_options(int argc, char const *const argv[]) {
  Options options;
  if (char const *port = std::getenv("PORT"); port != nullptr) options.port = parse_port(port);
  if (char const *listen = std::getenv("WEFT_LISTEN"); listen != nullptr && std::string_view(listen).substr(0, 5) == "unix:")
    options.socket = listen + 5;
  for (int at = 1; at < argc; at++) {
    const std::string_view word = argv[at];
    const auto equals = word.find('=');
    if (word == "--help") {
      options.help = true;
    } else if (equals != std::string_view::npos) {
      take(options, word.substr(0, equals), word.substr(equals + 1));
    } else {
      take(options, word, at + 1 < argc ? std::string_view(argv[at + 1]) : std::string_view());
      if (++at == argc) throw std::invalid_argument("the value of '" + std::string(word) + "' is missing");
    }
  }
  return options;
}

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal
