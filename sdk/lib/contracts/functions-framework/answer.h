/** One call of a function: whatever happens in it, there is a response. */
#ifndef WEFT_FUNCTIONS_FRAMEWORK_ANSWER_H
#define WEFT_FUNCTIONS_FRAMEWORK_ANSWER_H

#include <google/cloud/functions/http_request.h>
#include <google/cloud/functions/http_response.h>

#include "function-impl.h"

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** An exception becomes a response of 500 and a line on standard error. What the function printed is flushed. */
functions::HttpResponse answer(FunctionImpl const &function, functions::HttpRequest request);

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

#endif
