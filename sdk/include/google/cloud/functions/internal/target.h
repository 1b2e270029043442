/**
 * How a program without a `main` of its own names its function: Weft compiles a file of a few lines for it (src/toolchain/target-glue.ts).
 * Which of five signatures that function has is not known there, so all are declared, weakly, and the one that was defined is used.
 */
#ifndef GOOGLE_CLOUD_FUNCTIONS_INTERNAL_TARGET_H
#define GOOGLE_CLOUD_FUNCTIONS_INTERNAL_TARGET_H

#include <google/cloud/functions/function.h>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** Null but for one. */
struct TargetOverloads {
  functions::Function (*factory)();
  functions::HttpResponse (*http)(functions::HttpRequest);
  functions::HttpResponse (*http_by_reference)(functions::HttpRequest const &);
  void (*event)(functions::CloudEvent);
  void (*event_by_reference)(functions::CloudEvent const &);
};

/** @throws std::invalid_argument when the function is defined with none of the signatures. */
[[nodiscard]] functions::Function MakeTarget(char const *name, TargetOverloads const &overloads);

/** The program's function; the file that Weft compiles defines it. */
[[nodiscard]] functions::Function Target();

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

/** Stands in the namespace of the function. */
#define FUNCTIONS_FRAMEWORK_CPP_TARGET(name)                                                                                 \
  __attribute__((weak))::google::cloud::functions::Function name();                                                          \
  __attribute__((weak))::google::cloud::functions::HttpResponse name(::google::cloud::functions::HttpRequest);               \
  __attribute__((weak))::google::cloud::functions::HttpResponse name(::google::cloud::functions::HttpRequest const &);       \
  __attribute__((weak)) void name(::google::cloud::functions::CloudEvent);                                                   \
  __attribute__((weak)) void name(::google::cloud::functions::CloudEvent const &);

/** The same, from anywhere: its argument is the whole name. */
#define FUNCTIONS_FRAMEWORK_CPP_TARGET_OVERLOADS(name) {name, name, name, name, name}

#endif
