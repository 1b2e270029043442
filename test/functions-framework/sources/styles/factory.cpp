/** A factory, deep in namespaces: how the framework is used since 1.1. */
#include <google/cloud/functions/function.h>

namespace deep::inside::namespaces {
namespace gcf = ::google::cloud::functions;

gcf::HttpResponse answer(gcf::HttpRequest const &request) { return gcf::HttpResponse().set_payload("factory " + request.target()); }

gcf::Function Factory() { return gcf::MakeFunction(answer); }
}  // namespace deep::inside::namespaces
