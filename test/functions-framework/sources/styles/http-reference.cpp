/** The same by reference, in a namespace. */
#include <google/cloud/functions/http_request.h>
#include <google/cloud/functions/http_response.h>

namespace gcf = ::google::cloud::functions;

namespace hello {
gcf::HttpResponse World(gcf::HttpRequest const &request) { return gcf::HttpResponse().set_payload("reference " + request.payload()); }
}  // namespace hello
