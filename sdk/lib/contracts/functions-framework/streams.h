/** Standard streams of C++, where the program has them. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_STREAMS_H
#define WEFT_FUNCTIONS_FRAMEWORK_STREAMS_H

#include <google/cloud/functions/version.h>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** cout, clog and cerr, and what lies below them. */
void flush_streams();

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
