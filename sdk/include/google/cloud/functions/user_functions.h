/** What a function is: a callable that takes a request and gives a response, or one that takes an event. */
#ifndef GOOGLE_CLOUD_FUNCTIONS_USER_FUNCTIONS_H
#define GOOGLE_CLOUD_FUNCTIONS_USER_FUNCTIONS_H

#include <google/cloud/functions/cloud_event.h>
#include <google/cloud/functions/http_request.h>
#include <google/cloud/functions/http_response.h>
#include <google/cloud/functions/version.h>

#include <functional>

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

using UserHttpFunction = std::function<HttpResponse(HttpRequest)>;
using UserCloudEventFunction = std::function<void(CloudEvent)>;

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

#endif
