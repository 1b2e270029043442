/** Requests that carry CloudEvents, or what Google's functions were sent before there were any. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_EVENTS_H
#define WEFT_FUNCTIONS_FRAMEWORK_EVENTS_H

#include <google/cloud/functions/cloud_event.h>
#include <google/cloud/functions/http_request.h>

#include <string>
#include <string_view>
#include <vector>

#include "json.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** In the order they were sent. @throws std::exception for what is no event. */
std::vector<functions::CloudEvent> parse_events(functions::HttpRequest const &request);

/** A member that must be there, and be a string. @throws std::invalid_argument */
std::string const &required_string(Json const &object, std::string const &name);

/** An event of the form of before: `context` and `data`. */
functions::CloudEvent parse_legacy_event(std::string_view payload);

/** Cloud Storage tells of changes through Pub/Sub as well: such a message is the Storage event it is about. Others stay as they are. */
functions::CloudEvent unwrap_storage_event(functions::CloudEvent event);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
