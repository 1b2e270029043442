/**
 * Version of the interface, and the inline namespace that all of it is in: `v1_3`. Programs write `google::cloud::functions::…`,
 * and objects that were compiled against another version do not link by mistake.
 */
#ifndef GOOGLE_CLOUD_FUNCTIONS_VERSION_H
#define GOOGLE_CLOUD_FUNCTIONS_VERSION_H

#include <google/cloud/functions/internal/version_info.h>

#include <string>

/** Two steps, so that the numbers are put in place before they are joined. */
#define FUNCTIONS_FRAMEWORK_CPP_VCONCAT(major, minor) v##major##_##minor
#define FUNCTIONS_FRAMEWORK_CPP_VEVAL(major, minor) FUNCTIONS_FRAMEWORK_CPP_VCONCAT(major, minor)
#define FUNCTIONS_FRAMEWORK_CPP_NS \
  FUNCTIONS_FRAMEWORK_CPP_VEVAL(FUNCTIONS_FRAMEWORK_CPP_VERSION_MAJOR, FUNCTIONS_FRAMEWORK_CPP_VERSION_MINOR)
#define FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN inline namespace FUNCTIONS_FRAMEWORK_CPP_NS {
#define FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END }

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

int constexpr VersionMajor() { return FUNCTIONS_FRAMEWORK_CPP_VERSION_MAJOR; }
int constexpr VersionMinor() { return FUNCTIONS_FRAMEWORK_CPP_VERSION_MINOR; }
int constexpr VersionPatch() { return FUNCTIONS_FRAMEWORK_CPP_VERSION_PATCH; }

/** One number that grows with each version: 10300 for 1.3.0. */
int constexpr Version() { return 100 * (100 * VersionMajor() + VersionMinor()) + VersionPatch(); }

/** "1.3.0+weft" */
std::string VersionString();

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

#endif
