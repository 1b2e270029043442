/** The interface, as its users see it, checked by the compiler: names, types, constants, what can be copied and what not. */
#include <google/cloud/functions/cloud_event.h>
#include <google/cloud/functions/framework.h>
#include <google/cloud/functions/function.h>
#include <google/cloud/functions/http_request.h>
#include <google/cloud/functions/http_response.h>
#include <google/cloud/functions/user_functions.h>
#include <google/cloud/functions/version.h>
// Twice: they are guarded.
#include <google/cloud/functions/cloud_event.h>
#include <google/cloud/functions/framework.h>

#include <type_traits>

namespace gcf = ::google::cloud::functions;
using gcf::CloudEvent;
using gcf::Function;
using gcf::HttpRequest;
using gcf::HttpResponse;
using std::is_same_v;
using Text = std::string;
using Maybe = std::optional<Text>;

template <typename T>
T make();

#define GIVES(type, ...) static_assert(is_same_v<decltype(__VA_ARGS__), type>)
/** A setter for a named object and for one that is just being made. */
#define FLUENT(type, ...)                                       \
  static_assert(is_same_v<decltype(make<type &>().__VA_ARGS__), type &>); \
  static_assert(is_same_v<decltype(make<type>().__VA_ARGS__), type &&>)

// version.h

static_assert(FUNCTIONS_FRAMEWORK_CPP_VERSION_MAJOR == 1 && FUNCTIONS_FRAMEWORK_CPP_VERSION_MINOR == 3);
static_assert(FUNCTIONS_FRAMEWORK_CPP_VERSION_PATCH >= 0);
static_assert(is_same_v<gcf::CloudEvent, gcf::v1_3::CloudEvent>, "an inline namespace");
static_assert(is_same_v<gcf::CloudEvent, gcf::FUNCTIONS_FRAMEWORK_CPP_NS::CloudEvent>);
static_assert(is_same_v<gcf::CloudEvent, gcf::FUNCTIONS_FRAMEWORK_CPP_VEVAL(1, 3)::CloudEvent>);
static_assert(is_same_v<gcf::CloudEvent, gcf::FUNCTIONS_FRAMEWORK_CPP_VCONCAT(1, 3)::CloudEvent>);
static_assert(gcf::Version() == 100 * (100 * gcf::VersionMajor() + gcf::VersionMinor()) + gcf::VersionPatch());
GIVES(int, gcf::Version());
GIVES(Text, gcf::VersionString());

// Users extend it, as the framework does.
namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
struct Extension {};
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions
static_assert(is_same_v<gcf::Extension, gcf::v1_3::Extension>);

// cloud_event.h

GIVES(char const *const, CloudEvent::kDefaultSpecVersion);
static_assert(is_same_v<CloudEvent::ClockType, std::chrono::system_clock>);
static_assert(is_same_v<CloudEvent::time_point, std::chrono::system_clock::time_point>);
static_assert(std::is_constructible_v<CloudEvent, Text, Text, Text>);
static_assert(std::is_constructible_v<CloudEvent, Text, Text, Text, Text>);
static_assert(!std::is_default_constructible_v<CloudEvent> && !std::is_constructible_v<CloudEvent, Text, Text>);
static_assert(std::is_copy_constructible_v<CloudEvent> && std::is_move_constructible_v<CloudEvent>);
static_assert(!std::is_copy_assignable_v<CloudEvent> && !std::is_move_assignable_v<CloudEvent>);
GIVES(Text, make<CloudEvent const &>().id());
GIVES(Text, make<CloudEvent const &>().source());
GIVES(Text, make<CloudEvent const &>().type());
GIVES(Text, make<CloudEvent const &>().spec_version());
GIVES(Maybe, make<CloudEvent const &>().data_content_type());
GIVES(Maybe, make<CloudEvent const &>().data_schema());
GIVES(Maybe, make<CloudEvent const &>().subject());
GIVES(std::optional<CloudEvent::time_point>, make<CloudEvent const &>().time());
GIVES(Maybe, make<CloudEvent const &>().data());
GIVES(Maybe, make<CloudEvent>().data());
GIVES(void, make<CloudEvent &>().set_data_content_type(Text()));
GIVES(void, make<CloudEvent &>().set_data_schema(Text()));
GIVES(void, make<CloudEvent &>().set_subject(Text()));
GIVES(void, make<CloudEvent &>().set_time(CloudEvent::time_point()));
GIVES(void, make<CloudEvent &>().set_time(Text()));
GIVES(void, make<CloudEvent &>().set_data(Text()));
GIVES(void, make<CloudEvent &>().reset_data_content_type());
GIVES(void, make<CloudEvent &>().reset_data_schema());
GIVES(void, make<CloudEvent &>().reset_subject());
GIVES(void, make<CloudEvent &>().reset_time());
GIVES(void, make<CloudEvent &>().reset_data());

// http_request.h

static_assert(is_same_v<HttpRequest::HeadersType, std::multimap<Text, Text>>);
static_assert(std::is_default_constructible_v<HttpRequest> && std::is_copy_assignable_v<HttpRequest>);
GIVES(Text const &, make<HttpRequest const &>().verb());
GIVES(Text const &, make<HttpRequest const &>().target());
GIVES(Text const &, make<HttpRequest const &>().payload());
GIVES(Text &&, make<HttpRequest>().payload());
GIVES(HttpRequest::HeadersType const &, make<HttpRequest const &>().headers());
GIVES(int, make<HttpRequest const &>().version_major());
GIVES(int, make<HttpRequest const &>().version_minor());
FLUENT(HttpRequest, set_verb(Text()));
FLUENT(HttpRequest, set_target(Text()));
FLUENT(HttpRequest, set_payload(Text()));
FLUENT(HttpRequest, clear_headers());
FLUENT(HttpRequest, add_header(Text(), Text()));
FLUENT(HttpRequest, remove_header(Text()));
FLUENT(HttpRequest, set_version(1, 1));

// http_response.h

static_assert(is_same_v<HttpResponse::HeadersType, std::map<Text, Text>>);
static_assert(std::is_default_constructible_v<HttpResponse> && std::is_copy_assignable_v<HttpResponse>);
static_assert(std::is_constructible_v<HttpResponse, std::unique_ptr<HttpResponse::Impl>>);
static_assert(!std::is_convertible_v<std::unique_ptr<HttpResponse::Impl>, HttpResponse>, "explicit");
GIVES(Text const &, make<HttpResponse const &>().payload());
GIVES(int, make<HttpResponse const &>().result());
GIVES(HttpResponse::HeadersType, make<HttpResponse const &>().headers());
GIVES(int, make<HttpResponse const &>().version_major());
GIVES(int, make<HttpResponse const &>().version_minor());
FLUENT(HttpResponse, set_payload(Text()));
FLUENT(HttpResponse, set_result(200));
FLUENT(HttpResponse, set_header(std::string_view(), std::string_view()));
FLUENT(HttpResponse, set_version(1, 1));
static_assert(std::is_abstract_v<HttpResponse::Impl> && std::has_virtual_destructor_v<HttpResponse::Impl>);

struct OtherImpl : HttpResponse::Impl {
  void set_payload(Text) override {}
  Text const &payload() const override { return text; }
  void set_result(int) override {}
  int result() const override { return 200; }
  void set_header(std::string_view, std::string_view) override {}
  HttpResponse::HeadersType headers() const override { return {}; }
  void set_version(int, int) override {}
  int version_major() const override { return 1; }
  int version_minor() const override { return 1; }
  Text text;
};
static_assert(!std::is_abstract_v<OtherImpl>, "these are all that are pure");

#define IS(name, code) \
  static_assert(HttpResponse::name == code && is_same_v<decltype(HttpResponse::name), int const>)
IS(kContinue, 100);
IS(kSwitchingProtocol, 101);
IS(kProcessing, 102);
IS(kEarlyHints, 103);
IS(kOkay, 200);
IS(kCreated, 201);
IS(kAccepted, 202);
IS(kNonAuthoritativeInformation, 203);
IS(kNoContent, 204);
IS(kResetContent, 205);
IS(kPartialContent, 206);
IS(kMultiStatus, 207);
IS(kAlreadyReported, 208);
IS(kIMUsed, 226);
IS(kMultipleChoice, 300);
IS(kMovedPermanently, 301);
IS(kFound, 302);
IS(kSeeOther, 303);
IS(kNotModified, 304);
IS(kUseProxy, 305);
IS(kTemporaryRedirect, 307);
IS(kPermanentRedirect, 308);
IS(kBadRequest, 400);
IS(kUnauthorized, 401);
IS(kPaymentRequired, 402);
IS(kForbidden, 403);
IS(kNotFound, 404);
IS(kMethodNotAllowed, 405);
IS(kNotAcceptable, 406);
IS(kProxyAuthenticationRequired, 407);
IS(kRequestTimeout, 408);
IS(kConflict, 409);
IS(kGone, 410);
IS(kLengthRequired, 411);
IS(kPreconditionFailed, 412);
IS(kPayloadTooLarge, 413);
IS(kURITooLong, 414);
IS(kUnsupportedMediaType, 415);
IS(kRangeNotSatisfiable, 416);
IS(kExpectationFailed, 417);
IS(kTeapot, 418);
IS(kMisdirectedRequest, 421);
IS(kUnprocessableEntity, 422);
IS(kLocked, 423);
IS(kFailedDependency, 424);
IS(kTooEarly, 425);
IS(kUpgradeRequired, 426);
IS(kPreconditionRequired, 428);
IS(kTooManyRequests, 429);
IS(kRequestHeaderFieldsTooLarge, 431);
IS(kUnavailableForLegalReasons, 451);
IS(kInternalServerError, 500);
IS(kNotImplemented, 501);
IS(kBadGateway, 502);
IS(kServiceUnavailable, 503);
IS(kGatewayTimeout, 504);
IS(kHTTPVersionNotSupported, 505);
IS(kVariantAlsoNegotiates, 506);
IS(kInsufficientStorage, 507);
IS(kLoopDetected, 508);
IS(kNotExtended, 510);
IS(kNetworkAuthenticationRequired, 511);

// user_functions.h, function.h, framework.h

static_assert(is_same_v<gcf::UserHttpFunction, std::function<HttpResponse(HttpRequest)>>);
static_assert(is_same_v<gcf::UserCloudEventFunction, std::function<void(CloudEvent)>>);
static_assert(!std::is_default_constructible_v<Function>);
static_assert(std::is_copy_constructible_v<Function> && std::is_copy_assignable_v<Function>);
GIVES(bool, make<Function const &>() == make<Function const &>());
GIVES(bool, make<Function const &>() != make<Function const &>());
GIVES(Function, gcf::MakeFunction(make<gcf::UserHttpFunction>()));
GIVES(Function, gcf::MakeFunction(make<gcf::UserCloudEventFunction>()));
GIVES(Function, gcf::MakeFunction(make<std::map<Text, Function>>()));
GIVES(Function, gcf::MakeFunction(make<HttpResponse (*)(HttpRequest)>()));
GIVES(Function, gcf::MakeFunction(make<HttpResponse (*)(HttpRequest const &)>()));
GIVES(Function, gcf::MakeFunction(make<void (*)(CloudEvent)>()));
GIVES(Function, gcf::MakeFunction(make<void (*)(CloudEvent const &)>()));
static_assert(is_same_v<decltype(gcf::Run(1, make<char **>(), make<Function const &>())), int>);

// What these point at throws nothing.
using Main = int(int, char const *const[], Function const &) noexcept;
using HttpMain = int(int, char const *const[], gcf::UserHttpFunction) noexcept;
using EventMain = int(int, char const *const[], gcf::UserCloudEventFunction) noexcept;
#if defined(__clang__) || defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
Main *const run = &gcf::Run;
HttpMain *const run_http = &gcf::Run;
EventMain *const run_event = &gcf::Run;
#if defined(__clang__) || defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
