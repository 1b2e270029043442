/** The command line of Run(). */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_OPTIONS_H
#define WEFT_FUNCTIONS_FRAMEWORK_OPTIONS_H

#include <google/cloud/functions/version.h>

#include <string>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

struct Options {
  std::string address = "0.0.0.0";
  /** 0: any that is free. */
  int port = 8080;
  /** Path of a Unix socket to listen on in place of a port. */
  std::string socket;
  /** Which of several functions is served. */
  std::string target;
  bool help = false;
};

/** The environment's PORT is the default of `--port`; its WEFT_LISTEN, `unix:<path>`, comes before either. @throws std::invalid_argument for an option or a port that is none */
Options parse_options(int argc, char const *const argv[]);

/** What `--help` prints. */
extern char const *const help_text;

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
