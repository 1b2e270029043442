/** An HTTP response, as a function gives it: the whole of it, body included. */
#ifndef GOOGLE_CLOUD_FUNCTIONS_HTTP_RESPONSE_H
#define GOOGLE_CLOUD_FUNCTIONS_HTTP_RESPONSE_H

#include <google/cloud/functions/version.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace google::cloud::functions_internal {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN
struct ResponseAccess;
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions_internal

namespace google::cloud::functions {
FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_BEGIN

/** Copies are the same response: what is set in one is seen in all. */
class HttpResponse {
 public:
  /** One value a name. */
  using HeadersType = std::map<std::string, std::string>;

  static constexpr int kContinue = 100;
  static constexpr int kSwitchingProtocol = 101;
  static constexpr int kProcessing = 102;
  static constexpr int kEarlyHints = 103;

  static constexpr int kOkay = 200;
  static constexpr int kCreated = 201;
  static constexpr int kAccepted = 202;
  static constexpr int kNonAuthoritativeInformation = 203;
  static constexpr int kNoContent = 204;
  static constexpr int kResetContent = 205;
  static constexpr int kPartialContent = 206;
  static constexpr int kMultiStatus = 207;
  static constexpr int kAlreadyReported = 208;
  static constexpr int kIMUsed = 226;

  static constexpr int kMultipleChoice = 300;
  static constexpr int kMovedPermanently = 301;
  static constexpr int kFound = 302;
  static constexpr int kSeeOther = 303;
  static constexpr int kNotModified = 304;
  static constexpr int kUseProxy = 305;
  static constexpr int kTemporaryRedirect = 307;
  static constexpr int kPermanentRedirect = 308;

  static constexpr int kBadRequest = 400;
  static constexpr int kUnauthorized = 401;
  static constexpr int kPaymentRequired = 402;
  static constexpr int kForbidden = 403;
  static constexpr int kNotFound = 404;
  static constexpr int kMethodNotAllowed = 405;
  static constexpr int kNotAcceptable = 406;
  static constexpr int kProxyAuthenticationRequired = 407;
  static constexpr int kRequestTimeout = 408;
  static constexpr int kConflict = 409;
  static constexpr int kGone = 410;
  static constexpr int kLengthRequired = 411;
  static constexpr int kPreconditionFailed = 412;
  static constexpr int kPayloadTooLarge = 413;
  static constexpr int kURITooLong = 414;
  static constexpr int kUnsupportedMediaType = 415;
  static constexpr int kRangeNotSatisfiable = 416;
  static constexpr int kExpectationFailed = 417;
  static constexpr int kTeapot = 418;
  static constexpr int kMisdirectedRequest = 421;
  static constexpr int kUnprocessableEntity = 422;
  static constexpr int kLocked = 423;
  static constexpr int kFailedDependency = 424;
  static constexpr int kTooEarly = 425;
  static constexpr int kUpgradeRequired = 426;
  static constexpr int kPreconditionRequired = 428;
  static constexpr int kTooManyRequests = 429;
  static constexpr int kRequestHeaderFieldsTooLarge = 431;
  static constexpr int kUnavailableForLegalReasons = 451;

  static constexpr int kInternalServerError = 500;
  static constexpr int kNotImplemented = 501;
  static constexpr int kBadGateway = 502;
  static constexpr int kServiceUnavailable = 503;
  static constexpr int kGatewayTimeout = 504;
  static constexpr int kHTTPVersionNotSupported = 505;
  static constexpr int kVariantAlsoNegotiates = 506;
  static constexpr int kInsufficientStorage = 507;
  static constexpr int kLoopDetected = 508;
  static constexpr int kNotExtended = 510;
  static constexpr int kNetworkAuthenticationRequired = 511;

  /** Where a response is kept. A function that is served must answer with one that was made here, by the constructor without arguments. */
  class Impl {
   public:
    virtual ~Impl() = 0;
    virtual void set_payload(std::string) = 0;
    [[nodiscard]] virtual std::string const &payload() const = 0;
    virtual void set_result(int) = 0;
    [[nodiscard]] virtual int result() const = 0;
    virtual void set_header(std::string_view name, std::string_view value) = 0;
    [[nodiscard]] virtual HeadersType headers() const = 0;
    virtual void set_version(int major, int minor) = 0;
    [[nodiscard]] virtual int version_major() const = 0;
    [[nodiscard]] virtual int version_minor() const = 0;
  };

  /** 200, HTTP/1.1, with neither headers nor body. */
  HttpResponse();
  explicit HttpResponse(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

  [[nodiscard]] std::string const &payload() const { return impl_->payload(); }
  [[nodiscard]] int result() const { return impl_->result(); }
  [[nodiscard]] HeadersType headers() const { return impl_->headers(); }
  [[nodiscard]] int version_major() const { return impl_->version_major(); }
  [[nodiscard]] int version_minor() const { return impl_->version_minor(); }

  HttpResponse &set_payload(std::string value) & {
    impl_->set_payload(std::move(value));
    return *this;
  }
  HttpResponse &&set_payload(std::string value) && { return std::move(set_payload(std::move(value))); }

  HttpResponse &set_result(int code) & {
    impl_->set_result(code);
    return *this;
  }
  HttpResponse &&set_result(int code) && { return std::move(set_result(code)); }

  /** In place of a value that the name has already, whatever its case. */
  HttpResponse &set_header(std::string_view name, std::string_view value) & {
    impl_->set_header(name, value);
    return *this;
  }
  HttpResponse &&set_header(std::string_view name, std::string_view value) && { return std::move(set_header(name, value)); }

  HttpResponse &set_version(int major, int minor) & {
    impl_->set_version(major, minor);
    return *this;
  }
  HttpResponse &&set_version(int major, int minor) && { return std::move(set_version(major, minor)); }

 private:
  friend struct functions_internal::ResponseAccess;
  std::shared_ptr<Impl> impl_;
};

inline HttpResponse::Impl::~Impl() = default;

FUNCTIONS_FRAMEWORK_CPP_INLINE_NAMESPACE_END
}  // namespace google::cloud::functions

#endif
