/** Text forms of bytes and of moments. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_ENCODING_H
#define WEFT_FUNCTIONS_FRAMEWORK_ENCODING_H

#include <google/cloud/functions/cloud_event.h>

#include <string>
#include <string_view>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** RFC 4648, section 4, with padding. @throws std::invalid_argument */
std::string decode_base64(std::string_view text);

/** RFC 3339, section 5.6. What is finer than the clock is cut off. @throws std::invalid_argument */
functions::CloudEvent::time_point parse_timestamp(std::string_view text);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
